<?php

namespace App\Models;

use Illuminate\Database\Eloquent\Model;
use Illuminate\Database\Eloquent\Relations\MorphTo;

class PersonalAccessToken extends Model
{
    protected $fillable = ['name', 'token', 'abilities'];

    protected $hidden = ['token'];

    protected $casts = ['abilities' => 'json', 'last_used_at' => 'datetime'];

    public function tokenable(): MorphTo
    {
        return $this->morphTo('tokenable');
    }

    /** Finds the token of `id|secret`, of which only the hash of the secret is stored. */
    public static function findToken(string $given): ?self
    {
        [$id, $secret] = explode('|', $given, 2) + [1 => ''];
        $token = static::find($id);

        return $token && hash_equals($token->token, hash('sha256', $secret)) ? $token : null;
    }
}
