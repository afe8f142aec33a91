// Bulk work in constant memory: everybody's reminders due at once among 5,000,000 tasks, and a file of
// 1,000,000 rows: `make bench suite=bulk ENGINE=postgres`. `BENCH_TASKS` and `BENCH_ROWS` make them smaller.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { address, built, databaseServer, engine, folder, report, save, seed } from "./measure.mjs";

const TASKS_PER_USER = 50;
const JOBS = 10_000;
const MOST_MEGABYTES = { name: "100 MB", value: 100 };
const tasks = Number(process.env.BENCH_TASKS ?? 5_000_000);
const rows = Number(process.env.BENCH_ROWS ?? 1_000_000);
const server = databaseServer();
const database = (name) => address(server ? server.database(`bench_${name}`) : join(folder, `${name}.db`));
const count = (number) => number.toLocaleString("en");

function dueReminders() {
  const url = database("due");
  seed(url, tasks / TASKS_PER_USER, TASKS_PER_USER, "due");
  const found = JSON.parse(execFileSync(built("examples/due_reminders"), [url, String(JOBS)], { encoding: "utf8" }));
  if (found.dispatched !== tasks / TASKS_PER_USER) throw new Error(`${found.dispatched} users were found to be due`);
  const title = `${engine}: ${count(found.dispatched)} users due among ${count(tasks)} tasks`;
  report(`${title}, found`, [found.dispatched / found.dispatching], "/s");
  report(`${title}, planned`, [found.run / found.running], "/s");
  report(`${title}, peak memory`, [found.peak_megabytes], "MB", MOST_MEGABYTES);
}

function writeTodos(file) {
  const out = openSync(file, "w");
  for (let first = 0; first < rows; first += 10_000) {
    const lines = Array.from({ length: Math.min(10_000, rows - first) }, (_, line) => `(B) Call back about offer ${first + line} @work due:2027-01-${10 + (line % 20)}\n`);
    writeSync(out, lines.join(""));
  }
  closeSync(out);
}

/** The most memory the command has had resident, looked at while it runs, in MB. */
async function peakOf(child) {
  let peak = 0;
  const look = setInterval(() => {
    try {
      peak = Math.max(peak, Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))?.[1] ?? 0) / 1024);
    } catch {
      // It has ended.
    }
  }, 50);
  const [code] = await once(child, "exit");
  clearInterval(look);
  if (code !== 0) throw new Error(`it ended with ${code}`);
  return peak;
}

async function largeFile() {
  const file = join(folder, "large.txt");
  writeTodos(file);
  const env = { ...process.env, DULY_DATABASE__URL: database("file"), DULY_LOG__LEVEL: "error" };
  const email = "ann@example.org";
  execFileSync(built("duly"), ["user", "create", "--name", "Ann", "--email", email], { env, stdio: "ignore" });
  const started = performance.now();
  const child = spawn(built("duly"), ["import", "--user", email, "--format", "todotxt", file], { env, stdio: "ignore" });
  const peak = await peakOf(child);
  const title = `${engine}: import of ${count(rows)} rows`;
  report(title, [rows / ((performance.now() - started) / 1000)], "/s");
  report(`${title}, peak memory`, [peak], "MB", MOST_MEGABYTES);
}

dueReminders();
await largeFile();
save("bulk");
