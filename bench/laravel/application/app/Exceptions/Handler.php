<?php

namespace App\Exceptions;

use Illuminate\Auth\AuthenticationException;
use Illuminate\Foundation\Exceptions\Handler as BaseHandler;
use Throwable;

/** There is only an API, so every error is JSON. */
class Handler extends BaseHandler
{
    public function render($request, Throwable $error)
    {
        $request->headers->set('Accept', 'application/json');

        return parent::render($request, $error);
    }

    protected function unauthenticated($request, AuthenticationException $error)
    {
        return response()->json(['message' => $error->getMessage()], 401);
    }
}
