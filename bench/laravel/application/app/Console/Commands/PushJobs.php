<?php

namespace App\Console\Commands;

use App\Jobs\Nothing;
use Illuminate\Console\Command;
use Illuminate\Support\Facades\Queue;

/** Stores so many jobs that do nothing, a thousand at a time. */
class PushJobs extends Command
{
    protected $signature = 'bench:push {number}';

    public function handle(): int
    {
        foreach (array_chunk(range(1, (int) $this->argument('number')), 1000) as $numbers) {
            Queue::connection('redis')->bulk(array_map(static fn (int $number) => new Nothing($number), $numbers));
        }

        return 0;
    }
}
