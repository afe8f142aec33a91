<?php

namespace App\Services;

use Illuminate\Support\Facades\Cache;

/** The design's service, key for key: the tag `tasks` is everybody's, so each change drops all pages. */
class TaskCacheService
{
    public function invalidateTaskCache(int $task, int $user): void
    {
        Cache::forget("task.$task");

        Cache::forget("user.$user.tasks");
        Cache::forget("user.$user.tasks.pending");
        Cache::forget("user.$user.tasks.completed");

        Cache::forget('tasks.statistics');

        Cache::tags(['tasks', "user:$user"])->flush();
    }
}
