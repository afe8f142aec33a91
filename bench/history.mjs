// What administrators see after 1,000,000 jobs have passed through in ninety days: how much the store keeps of them,
// and how long each of their pages takes. `make bench suite=history ENGINE=sqlite|postgres|mysql`; `BENCH_JOBS` makes
// it smaller.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { address, built, databaseServer, duly, engine, folder, report, save, seed, stop } from "./measure.mjs";

const jobs = Number(process.env.BENCH_JOBS ?? 1_000_000);
const RUNS = 9;
const PAGE_LIMIT = { name: "100 ms", value: 100 };

const server = databaseServer();
const file = join(folder, "history.db");
const database = address(server ? server.database("bench_history") : file);

function megabytes() {
  if (!server) return [file, `${file}-wal`].reduce((sum, path) => sum + (existsSync(path) ? statSync(path).size : 0), 0) / 1e6;
  const size =
    engine === "postgres"
      ? "SELECT pg_database_size('bench_history')"
      : "SELECT SUM(data_length + index_length) FROM information_schema.tables WHERE table_schema = 'bench_history'";
  return Number(/\d+/.exec(server.sql(size))[0]) / 1e6;
}

/** Lets the jobs pass; answers the size when half of them have, and in the end. */
async function pass() {
  const child = spawn(built("examples/history"), [database, String(jobs)], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = once(child, "exit");
  const [half] = await once(child.stdout, "data");
  if (!String(half).includes("passed")) throw new Error(String(half));
  const size = megabytes();
  child.stdout.resume();
  child.stdin.end("\n");
  const [code] = await ended;
  if (code !== 0) throw new Error(`history ended with ${code}`);
  return [size, megabytes()];
}

const [half, whole] = await pass();
const cookies = seed(database, 1, 20);
execFileSync(built("duly"), ["user", "promote", "person-0@example.org"], { env: { ...process.env, DULY_DATABASE__URL: database, DULY_LOG__LEVEL: "error" }, stdio: "ignore" });
const running = await duly(database, {}, "--role", "web");
const headers = { cookie: `duly_session=${readFileSync(cookies, "utf8").split("\n")[0]}` };
const ask = async (path) => {
  const answer = await fetch(`${running.url}/api/v1/admin/${path}`, { headers });
  if (!answer.ok) throw new Error(`${path}: ${answer.status}: ${await answer.text()}`);
  return answer.json();
};
const first = async (state) => (await ask(`jobs?state=${state}&limit=1`)).data[0];
const [done, failed] = [await first("done"), await first("failed")];
if (!done || !failed) throw new Error("nothing is kept");
const pages = {
  "overview and workload": "queues",
  "jobs that wait": "jobs?state=ready",
  "jobs that wait for their time": "jobs?state=scheduled",
  "jobs that run": "jobs?state=running",
  "jobs that failed": "jobs?state=failed",
  "jobs that were done": "jobs?state=done",
  "jobs that were cancelled": "jobs?state=cancelled",
  "those that wait, of a kind": "jobs?state=ready&kind=export",
  "those that wait, with a tag": `jobs?state=ready&tag=${encodeURIComponent("user:4999")}`,
  "those that wait, with a tag nobody has": "jobs?state=ready&tag=nobody",
  "those that were done, of a kind": "jobs?state=done&kind=export",
  "those that were done, with a tag": `jobs?state=done&tag=${encodeURIComponent(done.tags[0])}`,
  "those that were done, with a tag nobody has": "jobs?state=done&tag=nobody",
  "those that failed, with a tag nobody has": "jobs?state=failed&tag=nobody",
  "those that failed, with a text nobody has": "jobs?state=failed&text=nobody",
  "those that were done, of an owner": `jobs?state=done&owner=${encodeURIComponent("user 4999")}`,
  "a job that was done": `jobs/${done.id}`,
  "a job that failed": `jobs/${failed.id}`,
  "failures that look alike": "job-failures",
  "measures of an hour": "queues/measures?range=1h",
  "measures of a day": "queues/measures?range=24h",
  "measures of a week": "queues/measures?range=7d",
  "measures of ninety days": "queues/measures?range=90d",
  "decisions": "queues/decisions?limit=200",
  "actions": "queues/actions",
  "schedules": "schedules",
  "batches": "batches",
};
const count = jobs.toLocaleString("en");
report(`${engine}: kept of ${(jobs / 2).toLocaleString("en")} jobs`, [half], "MB");
report(`${engine}: kept of ${count} jobs`, [whole], "MB", { name: "1.2 x that, and 20 MB", value: 1.2 * half + 20 });
for (const [name, path] of Object.entries(pages)) {
  const times = [];
  for (let run = 0; run < RUNS; run++) {
    const begun = performance.now();
    await ask(path);
    times.push(performance.now() - begun);
  }
  report(`${engine}, ${count} jobs: ${name}`, times, "ms", PAGE_LIMIT);
}
save("history");
await stop(running.process);
