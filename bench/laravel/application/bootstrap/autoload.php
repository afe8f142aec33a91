<?php

// Every class is found in one map, as after `composer install --optimize-autoloader`: Debian's own
// loaders are a chain of about ninety functions that each look-up would walk.
(static function (): void {
    ['classes' => $classes, 'files' => $files] = require __DIR__ . '/cache/class-map.php';
    spl_autoload_register(static function (string $class) use ($classes): void {
        $file = $classes[strtolower($class)] ?? null;
        if ($file !== null) {
            include $file;
        }
    });
    foreach ($files as $file) {
        require_once $file;
    }
})();
