<?php

// Writes bootstrap/cache/preload-list from the classes that one request of each kind loads.
// Usage: php build-preload-list.php TOKEN

require __DIR__ . '/autoload.php';

$app = require __DIR__ . '/app.php';
$kernel = $app->make(Illuminate\Contracts\Http\Kernel::class);
// The POST has no body, so that validation refuses it and nothing is written.
foreach ([['GET', '/api/tasks'], ['GET', '/api/tasks/1'], ['POST', '/api/tasks']] as [$method, $path]) {
    if ($app->bound('auth')) {
        $app->make('auth')->forgetGuards();
    }
    $kernel->handle(Illuminate\Http\Request::create($path, $method, [], [], [], [
        'HTTP_AUTHORIZATION' => 'Bearer ' . $argv[1],
        'HTTP_ACCEPT' => 'application/json',
        'REMOTE_ADDR' => '127.0.0.1',
    ]));
}

['classes' => $known] = require __DIR__ . '/cache/class-map.php';
$loaded = array_merge(get_declared_classes(), get_declared_interfaces(), get_declared_traits());
$preloaded = array_filter($loaded, static fn (string $class): bool => isset($known[strtolower($class)]));
file_put_contents(__DIR__ . '/cache/preload-list', implode("\n", $preloaded) . "\n");
