<?php

namespace App\Jobs;

use Illuminate\Bus\Queueable;
use Illuminate\Contracts\Queue\ShouldQueue;
use Illuminate\Foundation\Bus\Dispatchable;
use Illuminate\Queue\InteractsWithQueue;
use Illuminate\Queue\SerializesModels;

/** A job that does nothing but count. The process says at its end how many it has run. */
class Nothing implements ShouldQueue
{
    use Dispatchable, InteractsWithQueue, Queueable, SerializesModels;

    private static int $done = 0;

    public int $number;

    public string $text = 'forty-five bytes of data, as it is measured';

    public function __construct(int $number)
    {
        $this->number = $number;
    }

    public function handle(): void
    {
        if (self::$done++ === 0) {
            register_shutdown_function(static fn () => fwrite(STDOUT, json_encode(['done' => self::$done])));
        }
    }
}
