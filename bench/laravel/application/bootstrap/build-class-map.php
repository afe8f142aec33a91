<?php

// Writes bootstrap/cache/class-map.php from the loaders of Debian's packages and this application.

require '/usr/share/php/Illuminate/autoload.php';

$classes = [];
$files = [];
foreach (get_included_files() as $file) {
    if ($file === __FILE__) {
        continue;
    }
    preg_match_all("/^\s*'([^']+)' => '(\/[^']+)',?\s*$/m", file_get_contents($file), $entries, PREG_SET_ORDER);
    foreach ($entries as [, $class, $path]) {
        $classes[stripslashes($class)] = dirname($file) . $path;
    }
    // Functions are loaded at once, as Composer's "files" are. Swift.php is a loader, too.
    if (!in_array(basename($file), ['autoload.php', 'Swift.php'], true)) {
        $files[] = $file;
    }
}

$folder = dirname(__DIR__) . '/app';
$own = new RecursiveIteratorIterator(new RecursiveDirectoryIterator($folder, FilesystemIterator::SKIP_DOTS));
foreach ($own as $file) {
    $name = substr($file->getPathname(), strlen($folder) + 1, -strlen('.php'));
    $classes[strtolower('App\\' . str_replace('/', '\\', $name))] = $file->getPathname();
}

$map = var_export(['classes' => $classes, 'files' => $files], true);
file_put_contents(__DIR__ . '/cache/class-map.php', "<?php\n\nreturn $map;\n");
