<?php

// For opcache.preload: php-fpm links the classes that requests need once, when it starts.

require __DIR__ . '/autoload.php';

foreach (file(__DIR__ . '/cache/preload-list', FILE_IGNORE_NEW_LINES) as $class) {
    class_exists($class) || interface_exists($class) || trait_exists($class);
}
