// Laravel's `queue:work`, as Debian packages it: two processes, each of which runs one job after the other.
// bench/laravel/README.md tells of the application.
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { folder } from "../measure.mjs";
import { layApplication, settings } from "../laravel/stack.mjs";
import { need } from "./need.mjs";

export const laravel = {
  name: "Laravel",
  least: 20,
  prepare(redis) {
    need("laravel-cli");
    const directory = join(folder, "laravel-queue");
    const ini = join(directory, "ini");
    mkdirSync(ini, { recursive: true });
    writeFileSync(join(ini, "bench.ini"), `${settings("php.ini", {})}opcache.enable_cli = 1\n`);
    const application = layApplication(directory, { REDIS_PORT: redis.port, REDIS_PREFIX: "laravel_", TUNED: true, CACHED: "lists" });
    const queue = "laravel_queues:default";
    const env = { PHP_INI_SCAN_DIR: `:${ini}` };
    const php = (...args) => execFileSync("php", args, { cwd: application, env: { ...process.env, ...env }, encoding: "utf8" });
    php("bootstrap/build-class-map.php");
    php("artisan", "config:cache");
    return {
      version: php("-r", "require 'bootstrap/autoload.php'; echo Illuminate\\Foundation\\Application::VERSION;"),
      worker: ["php", join(application, "artisan"), "queue:work", "redis", "--quiet", "--sleep=0.1"],
      env,
      push: (jobs) => php("artisan", "bench:push", String(jobs)),
      hold: () => redis.say("RENAME", queue, "held"),
      release: () => redis.say("RENAME", "held", queue),
      waits: { command: "eval", connections: 1 },
      left: [`LLEN ${queue}`, `ZCARD ${queue}:reserved`],
    };
  },
};
