<?php

namespace App\Providers;

use App\Models\PersonalAccessToken;
use Illuminate\Http\Request;
use Illuminate\Support\Facades\Auth;
use Illuminate\Support\ServiceProvider;

class AppServiceProvider extends ServiceProvider
{
    /** Debian has no Sanctum. This is what its guard does for a bearer token. */
    public function boot(): void
    {
        Auth::viaRequest('sanctum', static function (Request $request) {
            $given = $request->bearerToken();
            $token = $given ? PersonalAccessToken::findToken($given) : null;
            if (!$token || !$token->tokenable) {
                return null;
            }
            if (config('tasks.note_use_of_tokens')) {
                $token->forceFill(['last_used_at' => now()])->save();
            }

            return $token->tokenable->withAccessToken($token);
        });
    }
}
