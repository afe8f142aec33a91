<?php

// No request queues anything; the jobs of bench/queue/laravel.mjs are pushed and worked off on `redis`.
return [
    'default' => 'sync',
    'connections' => [
        'sync' => ['driver' => 'sync'],
        'redis' => [
            'driver' => 'redis',
            'connection' => 'default',
            'queue' => 'default',
            'retry_after' => 90,
            'block_for' => null,
        ],
    ],
    'failed' => ['driver' => 'null'],
];
