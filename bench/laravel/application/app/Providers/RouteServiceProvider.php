<?php

namespace App\Providers;

use Illuminate\Foundation\Support\Providers\RouteServiceProvider as BaseProvider;
use Illuminate\Support\Facades\Route;

class RouteServiceProvider extends BaseProvider
{
    public function boot(): void
    {
        $this->routes(static function () {
            Route::prefix('api')->middleware('api')->group(base_path('routes/api.php'));
        });
    }
}
