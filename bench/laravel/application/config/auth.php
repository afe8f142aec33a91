<?php

return [
    'defaults' => ['guard' => 'sanctum', 'passwords' => 'users'],
    'guards' => ['sanctum' => ['driver' => 'sanctum']], // See App\Providers\AppServiceProvider.
    'providers' => ['users' => ['driver' => 'eloquent', 'model' => App\Models\User::class]],
];
