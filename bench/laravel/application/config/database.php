<?php

$redis = static fn (int $database): array => [
    'host' => '127.0.0.1',
    'port' => env('REDIS_PORT'),
    'database' => $database,
    'persistent' => env('TUNED'),
    'persistent_id' => "redis$database",
];

return [
    'default' => 'mysql',
    'connections' => [
        'mysql' => [
            'driver' => 'mysql',
            'host' => '127.0.0.1',
            'port' => env('DB_PORT'),
            'database' => env('DB_DATABASE'),
            'username' => env('DB_USERNAME'),
            'password' => env('DB_PASSWORD'),
            'charset' => 'utf8mb4',
            'collation' => 'utf8mb4_unicode_ci',
            'prefix' => '',
            'strict' => true,
            'engine' => 'InnoDB',
            // A connection that is kept, and one round trip for a query instead of two.
            'options' => env('TUNED') ? [PDO::ATTR_PERSISTENT => true, PDO::ATTR_EMULATE_PREPARES => true] : [],
        ],
    ],
    'migrations' => 'migrations',
    'redis' => [
        'client' => 'phpredis',
        'options' => ['prefix' => env('REDIS_PREFIX')],
        'default' => $redis(0),
        'cache' => $redis(1),
    ],
];
