<?php

use App\Http\Controllers\TaskController;
use Illuminate\Support\Facades\Route;

Route::middleware(['auth:sanctum', config('tasks.throttle')])->group(function () {
    Route::apiResource('tasks', TaskController::class)->except('destroy');
});
