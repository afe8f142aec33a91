// BullMQ, with the versions that bench/queue/bullmq/package-lock.json pins: two processes, a hundred jobs at once
// in each.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

const FOLDER = "bench/queue/bullmq";

function install() {
  try {
    // Not `npm ci`, as the Makefile says.
    execFileSync("npm", ["--prefix", FOLDER, "install", "--no-save", "--no-audit", "--no-fund"], { stdio: ["ignore", "ignore", "pipe"] });
  } catch {
    throw new Error(`npm could not install it; try: npm --prefix ${FOLDER} install --no-save`);
  }
  return JSON.parse(readFileSync(`${FOLDER}/node_modules/bullmq/package.json`, "utf8")).version;
}

export const bullmq = {
  name: "BullMQ",
  least: 4,
  async prepare(redis) {
    const version = install();
    const { openQueue } = await import("./bullmq/queue.mjs");
    const queue = openQueue(redis.port);
    return {
      version,
      worker: ["node", `${FOLDER}/worker.mjs`, String(redis.port)],
      env: {},
      ...queue,
      waits: { command: "bzpopmin", connections: 1 },
      left: ["LLEN bull:bench:wait", "LLEN bull:bench:active"],
    };
  },
};
