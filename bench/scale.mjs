// Growth: the same page from a file with 100,000 users and 2,000,000 tasks costs the same CPU.
import { join } from "node:path";
import { duly, folder, load, report, save, seed, stop } from "./measure.mjs";

const RUNS = 3;
const sizes = { small: 1000, large: Number(process.env.BENCH_USERS ?? 100_000) };
const servers = {};
for (const [name, users] of Object.entries(sizes)) {
  const database = join(folder, `${name}.db`);
  seed(database, users, 20);
  servers[name] = await duly(database);
}
process.env.MODE = "list";
const cpu = { small: [], large: [] };
for (let run = 0; run < RUNS; run++) {
  for (const name of Object.keys(sizes)) {
    process.env.USERS = String(sizes[name]);
    cpu[name].push(load(servers[name].process, { url: servers[name].url, script: "bench/tasks.lua" }).cpuMicroseconds);
  }
}
report("GET /api/v1/tasks, 1,000 users: CPU per request", cpu.small, "us");
const small = [...cpu.small].sort((a, b) => a - b)[1];
report(`GET /api/v1/tasks, ${sizes.large} users: CPU per request`, cpu.large, "us", { name: "1.5 x the small file", value: 1.5 * small });
save("scale");
for (const server of Object.values(servers)) await stop(server.process);
