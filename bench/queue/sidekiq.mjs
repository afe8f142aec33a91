// Sidekiq, as Debian packages it: two processes of ten threads, which is what it starts by itself.
import { execFileSync } from "node:child_process";
import { need } from "./need.mjs";

const FOLDER = "./bench/queue/sidekiq";

export const sidekiq = {
  name: "Sidekiq",
  /** How many times the CPU of Duly a job takes here, at least. */
  least: 4,
  prepare(redis) {
    need("sidekiq");
    // Its compiler makes it cheaper by a tenth.
    const env = { REDIS_URL: `redis://127.0.0.1:${redis.port}`, RUBYOPT: "--yjit" };
    const version = execFileSync("sidekiq", ["--version"], { encoding: "utf8" }).trim().split(" ").at(-1);
    return {
      version,
      worker: ["sidekiq", "--require", `${FOLDER}/worker.rb`, "--concurrency", "10", "--queue", "default"],
      env,
      push: (jobs) => execFileSync("ruby", [`${FOLDER}/push.rb`, String(jobs)], { env: { ...process.env, ...env } }),
      hold: () => redis.say("RENAME", "queue:default", "held"),
      release: () => redis.say("RENAME", "held", "queue:default"),
      /** What a worker that waits has asked Redis last, and on how many connections. */
      waits: { command: "brpop", connections: 10 },
      left: ["LLEN queue:default"],
    };
  },
};
