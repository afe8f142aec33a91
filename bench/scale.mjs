// Growth: the same page costs the same CPU with 5,000,000 tasks as with 50,000, on each engine:
// `make bench suite=scale ENGINE=postgres`. `BENCH_TASKS` makes the large one smaller.
import { join } from "node:path";
import { databaseServer, duly, engine, folder, load, median, report, save, seed, stop } from "./measure.mjs";

const RUNS = 3;
const TASKS_PER_USER = 50;
const sizes = { small: 50_000, large: Number(process.env.BENCH_TASKS ?? 5_000_000) };
const server = databaseServer();
const running = {};
const cookies = {};
for (const [name, tasks] of Object.entries(sizes)) {
  const database = server ? server.database(`bench_${name}`) : join(folder, `${name}.db`);
  cookies[name] = seed(database, tasks / TASKS_PER_USER, TASKS_PER_USER);
  server?.sql(engine === "postgres" ? "CHECKPOINT" : "SELECT 1");
  running[name] = await duly(database);
}
process.env.MODE = "list";
const cpu = { small: [], large: [] };
const beside = { small: [], large: [] };
for (let run = 0; run < RUNS; run++) {
  for (const name of Object.keys(sizes)) {
    process.env.COOKIES = cookies[name];
    const measured = load(running[name].process, { url: running[name].url, script: "bench/tasks.lua", beside: server?.pids.slice(0, 1) });
    cpu[name].push(measured.cpuMicroseconds);
    beside[name].push(measured.besideMicroseconds);
  }
}
const title = (tasks) => `${engine}: list with ${tasks.toLocaleString("en")} tasks, CPU`;
const limit = (figures) => ({ name: "1.5 x the small one", value: 1.5 * median(figures) });
report(`${title(sizes.small)} of Duly`, cpu.small, "us");
report(`${title(sizes.large)} of Duly`, cpu.large, "us", limit(cpu.small));
if (server) {
  report(`${title(sizes.small)} of the server`, beside.small, "us");
  report(`${title(sizes.large)} of the server`, beside.large, "us", limit(beside.small));
}
save("scale");
for (const one of Object.values(running)) await stop(one.process);
