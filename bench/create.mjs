// Writing: creates by 64 clients, each acknowledged after its fsync.
import { join } from "node:path";
import { duly, folder, load, report, save, seed, stop } from "./measure.mjs";

const database = join(folder, "duly.db");
process.env.COOKIES = seed(database, 1000, 20);
const server = await duly(database);
process.env.MODE = "create";
const runs = [1, 2, 3].map(() => load(server.process, { url: server.url, script: "bench/tasks.lua" }));
report("POST /api/v1/tasks, 64 clients, FULL: per second", runs.map((one) => one.perSecond), "/s", { name: "3000/s", value: 3000 }, true);
report("POST /api/v1/tasks: CPU per request", runs.map((one) => one.cpuMicroseconds), "us");
const refused = runs.reduce((sum, one) => sum + one.refused, 0);
if (refused > 0) throw new Error(`${refused} creates were refused`);
save("create");
await stop(server.process);
