<?php

namespace App\Console\Commands;

use Illuminate\Console\Command;
use Illuminate\Support\Facades\DB;

/** Fills an empty database, and writes a line for each user: the token, then the ids of the tasks. */
class Seed extends Command
{
    private const STATUSES = ['pending', 'in_progress', 'completed'];

    /** MariaDB takes 65,535 values in one statement. */
    private const USERS_PER_TRANSACTION = 100;

    protected $signature = 'bench:seed {users} {tasks} {file}';

    public function handle(): int
    {
        $lines = [];
        foreach (array_chunk(range(1, (int) $this->argument('users')), self::USERS_PER_TRANSACTION) as $users) {
            DB::transaction(function () use ($users, &$lines): void {
                foreach ($users as $user) {
                    $lines[] = $this->seedUser($user, (int) $this->argument('tasks'));
                }
            });
        }
        file_put_contents($this->argument('file'), implode("\n", $lines) . "\n");
        DB::statement('ANALYZE TABLE users, tasks, personal_access_tokens');

        return 0;
    }

    private function seedUser(int $user, int $count): string
    {
        $stamps = ['created_at' => now(), 'updated_at' => now()];
        $secret = bin2hex(random_bytes(20));
        DB::table('users')->insert([
            'id' => $user,
            'name' => "Person $user",
            'email' => "person-$user@example.org",
            'password' => '',
        ] + $stamps);
        DB::table('personal_access_tokens')->insert([
            'id' => $user,
            'tokenable_type' => \App\Models\User::class,
            'tokenable_id' => $user,
            'name' => 'bench',
            'token' => hash('sha256', $secret),
            'abilities' => '["*"]',
        ] + $stamps);
        $tasks = [];
        for ($number = ($user - 1) * $count; $number < $user * $count; $number++) {
            $tasks[] = [
                'id' => $number + 1,
                'user_id' => $user,
                'title' => "Task $number of person $user",
                'description' => 'Collect the figures of the quarter and send them to everyone who asked for them.',
                'status' => self::STATUSES[$number % 3],
                // A prime number spreads them over sixty days around today.
                'due_date' => now()->addDays(($number * 7919) % 60 - 20)->toDateString(),
            ] + $stamps;
        }
        DB::table('tasks')->insert($tasks);

        return implode(' ', ["$user|$secret", ...array_column($tasks, 'id')]);
    }
}
