// What is known: the list of fifteen tasks by cookie, from memory and with Redis, against raw hyper with
// the same bytes; a mix with writes; and the memory that people who are known take.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { COUNTED, duly, folder, load, median, rawHyper, redis, report, residentMegabytes, save, seed, stop } from "./measure.mjs";

const USERS = 1000;
const RUNS = 3;
/** Known at the same time, each by one session and one list. */
const MANY = Number(process.env.MANY ?? 100_000);
const LIST = "/api/v1/tasks?status=pending,in_progress&limit=15";

const database = join(folder, "duly.db");
const cookies = seed(database, USERS, 20);

/** Every user asks once, so that all are known. */
function warm(server, users, file) {
  process.env.COOKIES = file;
  process.env.MODE = "each";
  for (let asked = 0; asked < users; ) {
    process.env.OFFSET = String(asked);
    const { requests, refused } = load(server.process, { url: server.url, script: "bench/tasks.lua", seconds: 2 });
    if (refused > 0) throw new Error(`${refused} requests were refused`);
    asked += requests;
  }
}

async function raw() {
  const server = await duly(database);
  const cookie = readFileSync(cookies, "utf8").split("\n")[0];
  const limit = await rawHyper(await fetch(server.url + LIST, { headers: { cookie: `duly_session=${cookie}` } }));
  await stop(server.process);
  return limit;
}

/** The client does the same for whoever is measured. */
function measure(server, mode, beside = []) {
  process.env.COOKIES = cookies;
  process.env.MODE = mode;
  const measured = load(server.process, { url: server.url, script: "bench/tasks.lua", beside });
  if (measured.refused > 0) throw new Error(`${measured.refused} requests were refused`);
  return measured;
}

const limit = await raw();
const shared = await redis();
const alone = await duly(database, COUNTED);
const results = { raw: [], memory: [], redis: [], mixed: [] };
warm(alone, USERS, cookies);
for (let run = 0; run < RUNS; run++) {
  results.raw.push(measure(limit, "list"));
  results.memory.push(measure(alone, "list"));
  results.mixed.push(measure(alone, "mixed"));
}
await stop(alone.process);
const node = await duly(database, { ...COUNTED, ...shared.settings });
warm(node, USERS, cookies);
const rawBeside = [];
for (let run = 0; run < RUNS; run++) {
  rawBeside.push(measure(limit, "list"));
  results.redis.push(measure(node, "list", [shared.server.pid]));
}
await stop(node.process);

const cpu = (name) => results[name].map((one) => one.cpuMicroseconds);
const rate = (name) => results[name].map((one) => one.perSecond);
const share = (of, runs) => ({ name: `${of * 100}% of raw hyper`, value: of * median(runs) });
report("raw hyper, the same bytes: CPU per request", cpu("raw"), "us");
report("list hit, memory: CPU per request", cpu("memory"), "us");
report("list hit, memory: requests per second", rate("memory"), "/s", share(0.6, rate("raw")), true);
report("list hit, Redis: CPU per request", cpu("redis"), "us", { name: "30 us", value: 30 });
report("list hit, Redis: CPU of Redis per request", results.redis.map((one) => one.besideMicroseconds), "us", { name: "6 us", value: 6 });
report("list hit, Redis: requests per second", rate("redis"), "/s", share(0.25, rawBeside.map((one) => one.perSecond)), true);
report("90 lists, 10 changes, memory: CPU per request", cpu("mixed"), "us");

// Few tasks each: what is measured is what is known of people.
const crowd = join(folder, "crowd.db");
const crowdCookies = seed(crowd, MANY, 3);
for (const settings of [{}, shared.settings]) {
  const server = await duly(crowd, { ...settings, DULY_CACHE__MEMORY: "4096MiB" });
  const before = residentMegabytes(server.process.pid);
  const used = () => Number(/used_memory:(\d+)/.exec(shared.say("INFO", "memory"))[1]) / 1024 / 1024;
  if (settings !== shared.settings) warm(server, MANY, crowdCookies);
  else {
    shared.say("FLUSHALL");
    const empty = used();
    warm(server, MANY, crowdCookies);
    report(`${MANY} people known: memory of Redis`, [used() - empty], "MB");
  }
  const where = settings === shared.settings ? "with Redis" : "memory";
  report(`${MANY} people known: memory of the process, ${where}`, [residentMegabytes(server.process.pid) - before], "MB");
  await stop(server.process);
}
save("cache");
limit.process.kill();
shared.server.kill();
