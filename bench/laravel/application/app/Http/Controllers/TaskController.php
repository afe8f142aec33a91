<?php

namespace App\Http\Controllers;

use App\Models\Task;
use App\Services\TaskCacheService;
use Illuminate\Http\Request;
use Illuminate\Pagination\LengthAwarePaginator;
use Illuminate\Support\Facades\Cache;

class TaskController extends Controller
{
    private const PER_PAGE = 15;

    private const MINUTE = 60;

    public function index(Request $request)
    {
        $input = $request->validate([
            'status' => 'nullable|in:pending,in_progress,completed',
            'page' => 'nullable|integer|min:1',
        ]);
        $user = $request->user()->id;
        $status = $input['status'] ?? null;
        $page = (int) ($input['page'] ?? 1);
        $query = static fn () => Task::where('user_id', $user)
            ->when($status, static fn ($query) => $query->where('status', $status))
            ->with('user')
            ->orderBy('due_date')
            ->orderBy('id');

        if (config('tasks.cached') === 'pages') {
            return Cache::tags(['tasks', "user:$user"])->remember(
                "tasks.$user.$status.$page",
                10 * self::MINUTE,
                static fn () => $query()->paginate(self::PER_PAGE)->toArray(),
            );
        }
        $all = Cache::remember(
            "user.$user.tasks" . ($status ? ".$status" : ''),
            ($status ? 10 : 5) * self::MINUTE,
            static fn () => $query()->get(),
        );

        return new LengthAwarePaginator(
            $all->forPage($page, self::PER_PAGE)->values(),
            $all->count(),
            self::PER_PAGE,
            $page,
            ['path' => $request->url()],
        );
    }

    public function show(Request $request, int $id)
    {
        $task = Cache::remember("task.$id", 60 * self::MINUTE, static fn () => Task::with('user')->find($id));
        abort_if(!$task || $task->user_id !== $request->user()->id, 404);

        return $task;
    }

    public function store(Request $request, TaskCacheService $cache)
    {
        $data = $request->validate([
            'title' => 'required|string|max:255',
            'description' => 'nullable|string|max:5000',
            'status' => 'nullable|in:pending,in_progress,completed',
            'due_date' => 'nullable|date',
        ]);
        $task = $request->user()->tasks()->create($data + ['status' => 'pending']);
        $cache->invalidateTaskCache($task->id, $task->user_id);

        return response()->json($task, 201);
    }

    public function update(Request $request, TaskCacheService $cache, int $id)
    {
        $data = $request->validate([
            'title' => 'sometimes|required|string|max:255',
            'description' => 'nullable|string|max:5000',
            'status' => 'sometimes|required|in:pending,in_progress,completed',
            'due_date' => 'nullable|date',
        ]);
        $task = $request->user()->tasks()->findOrFail($id);
        $task->update($data);
        $cache->invalidateTaskCache($task->id, $task->user_id);

        return $task->fresh();
    }
}
