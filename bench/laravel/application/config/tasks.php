<?php

return [
    // lists: all tasks of a user under the keys of the design, cut into pages in PHP;
    // pages: the finished page under the design's tags.
    'cached' => env('CACHED'),
    // Sanctum notes when a token was last used on every request; the tuned form leaves that out.
    'note_use_of_tokens' => !env('TUNED'),
    // Counts, as the design's 60 a minute do, and is never reached.
    'throttle' => (env('TUNED') ? 'throttle.redis' : 'throttle') . ':100000000,1',
];
