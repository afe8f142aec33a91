<?php

use Illuminate as L;

return [
    'name' => 'Tasks',
    'env' => 'production',
    'debug' => false,
    'url' => env('APP_URL'),
    'timezone' => 'UTC',
    'locale' => 'en',
    'fallback_locale' => 'en',
    'key' => env('APP_KEY'),
    'cipher' => 'AES-256-CBC',
    'providers' => [
        L\Auth\AuthServiceProvider::class,
        L\Bus\BusServiceProvider::class,
        L\Cache\CacheServiceProvider::class,
        L\Foundation\Providers\ConsoleSupportServiceProvider::class,
        L\Database\DatabaseServiceProvider::class,
        L\Encryption\EncryptionServiceProvider::class,
        L\Filesystem\FilesystemServiceProvider::class,
        L\Foundation\Providers\FoundationServiceProvider::class,
        L\Pagination\PaginationServiceProvider::class,
        L\Pipeline\PipelineServiceProvider::class,
        L\Queue\QueueServiceProvider::class,
        L\Redis\RedisServiceProvider::class,
        L\Translation\TranslationServiceProvider::class,
        L\Validation\ValidationServiceProvider::class,
        L\View\ViewServiceProvider::class,
        App\Providers\AppServiceProvider::class,
        App\Providers\RouteServiceProvider::class,
    ],
    'aliases' => [],
];
