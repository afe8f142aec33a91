// Reading: one page of fifteen tasks and one task, each by cookie, against raw hyper.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { duly, folder, load, rawHyper, report, save, seed, stop } from "./measure.mjs";

const USERS = 1000;
const RUNS = 3;
const database = join(folder, "duly.db");
process.env.COOKIES = seed(database, USERS, 20);
const server = await duly(database);

const cookies = readFileSync(process.env.COOKIES, "utf8").split("\n");
const asUser = (user) => ({ headers: { cookie: `duly_session=${cookies[user]}` } });
const raw = await rawHyper(await fetch(`${server.url}/api/v1/tasks?status=pending,in_progress&limit=15`, asUser(0)));
const lines = [];
for (let user = 0; user < 200; user++) {
  const answer = await (await fetch(`${server.url}/api/v1/tasks?limit=15`, asUser(user))).json();
  for (const task of answer.data) lines.push(`${user} ${task.id}`);
}
writeFileSync(join(folder, "ids"), lines.join("\n"));

process.env.IDS = join(folder, "ids");
const results = { raw: [], list: [], get: [] };
for (let run = 0; run < RUNS; run++) {
  // The client does the same for each of them.
  for (const mode of ["raw", "list", "get"]) {
    process.env.MODE = mode === "get" ? "get" : "list";
    const asked = mode === "raw" ? raw : server;
    results[mode].push(load(asked.process, { url: asked.url, script: "bench/tasks.lua" }));
  }
}
const cpu = (name) => results[name].map((one) => one.cpuMicroseconds);
const rate = (name) => results[name].map((one) => one.perSecond);
const rawRate = { name: "raw hyper", value: rate("raw").sort((a, b) => a - b)[1], promise: false };
report("raw hyper, the same bytes: CPU per request", cpu("raw"), "us");
report("GET /api/v1/tasks, 15 tasks: CPU per request", cpu("list"), "us", { name: "150 us", value: 150 });
report("GET /api/v1/tasks/{id}: CPU per request", cpu("get"), "us", { name: "80 us", value: 80 });
report("raw hyper: requests per second", rate("raw"), "/s");
report("GET /api/v1/tasks: requests per second", rate("list"), "/s", rawRate);
report("GET /api/v1/tasks/{id}: requests per second", rate("get"), "/s", rawRate);
const refused = [...results.list, ...results.get].reduce((sum, one) => sum + one.refused, 0);
if (refused > 0) throw new Error(`${refused} requests were refused`);
save("http");
await stop(server.process);
raw.process.kill();
