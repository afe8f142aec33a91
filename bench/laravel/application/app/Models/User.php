<?php

namespace App\Models;

use Illuminate\Database\Eloquent\Relations\HasMany;
use Illuminate\Foundation\Auth\User as Authenticatable;

class User extends Authenticatable
{
    protected $fillable = ['name', 'email', 'password'];

    protected $hidden = ['password', 'remember_token'];

    private PersonalAccessToken $accessToken;

    public function tasks(): HasMany
    {
        return $this->hasMany(Task::class);
    }

    public function withAccessToken(PersonalAccessToken $token): self
    {
        $this->accessToken = $token;

        return $this;
    }
}
