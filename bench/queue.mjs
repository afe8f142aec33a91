// What a job costs that does nothing: 50,000 of them, taken by two processes of a hundred slots each. CPU time
// of workers and store, from /proc. `make bench suite=queue ENGINE=sqlite|postgres|mysql|redis`; with redis jobs
// move in Redis, which writes each change to its file, and are recorded in SQLite.
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { built, cpuSeconds, databaseServer, engine, familyCpuSeconds, folder, freePort, report, save, start, startReading, stop } from "./measure.mjs";

const JOBS = Number(process.env.BENCH_JOBS ?? 50_000);
const RUNS = Number(process.env.BENCH_RUNS ?? 3);
/** What a job may cost, in microseconds of CPU for workers and store together. */
const LIMITS = { sqlite: 20, postgres: 60, mysql: 60, redis: 30 };
const IDLE_LIMIT = 20_000;

const server = engine === "redis" ? undefined : databaseServer();
const address = (name) => server?.database(name) ?? `sqlite:${join(folder, `${name}.db`)}`;
const drain = (...args) => execFileSync(built("examples/drain"), [...args, ...place], { encoding: "utf8" });
const place = [];
const redis = engine === "redis" ? await redisServer() : undefined;
const storeSeconds = () => (redis ? cpuSeconds(redis.pid) : (server?.pids ?? []).reduce((sum, pid) => sum + familyCpuSeconds(pid), 0));

/** As the operator book says: nothing is dropped, and each change is written down. */
async function redisServer() {
  const port = await freePort();
  place.push(`redis://127.0.0.1:${port}`);
  const options = { port, bind: "127.0.0.1", dir: folder, save: "", appendonly: "yes", "maxmemory-policy": "noeviction" };
  const server = start("redis-server", Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]));
  for (let tries = 0; tries < 300; tries++) {
    try {
      execFileSync("redis-cli", ["-p", String(port), "ping"], { stdio: "ignore" });
      return server;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
  throw new Error("redis-server does not answer");
}

const costs = { workers: [], store: [], all: [] };
const perSecond = [];
for (let run = 0; run < RUNS; run++) {
  const database = address(`queue${run}`);
  drain("push", database, String(JOBS));
  const [began, before] = [performance.now(), storeSeconds()];
  const workers = [1, 2].map(() => startReading(built("examples/drain"), ["work", database, ...place]));
  const ended = await Promise.all(workers.map(async (worker) => {
    await once(worker.process, "close");
    return { ...JSON.parse(worker.output()), cpu: worker.cpuSeconds() };
  }));
  const done = ended.reduce((sum, { done }) => sum + done, 0);
  if (done < JOBS) throw new Error(`${done} of ${JOBS} jobs were run`);
  const [workersCpu, storeCpu] = [ended.reduce((sum, { cpu }) => sum + cpu, 0), storeSeconds() - before];
  costs.workers.push((workersCpu / JOBS) * 1e6);
  costs.store.push((storeCpu / JOBS) * 1e6);
  costs.all.push(((workersCpu + storeCpu) / JOBS) * 1e6);
  // The last half second is only waited.
  perSecond.push((JOBS / (performance.now() - began - 500)) * 1000);
}
const limit = { name: `${LIMITS[engine]} us`, value: LIMITS[engine] };
report(`${engine}: CPU for a job`, costs.all, "us", limit);
report(`${engine}: CPU for a job, workers`, costs.workers, "us");
report(`${engine}: CPU for a job, store`, costs.store, "us");
report(`${engine}: jobs per second`, perSecond, "/s");
const waits = [1, 2, 3].map((run) => JSON.parse(drain("idle", address(`idle${run}`))));
report(`${engine}: from push to start, idle, p50`, waits.map(({ p50 }) => p50), "us");
report(`${engine}: from push to start, idle, p99`, waits.map(({ p99 }) => p99), "us", { name: "20 ms", value: IDLE_LIMIT });
save("queue");
if (redis) await stop(redis);
