// Duly against the same tracker in Laravel: the cached list of fifteen tasks, and a mix with writes, each
// by bearer token with requests counted. `BENCH_SECONDS` and `BENCH_RUNS` make it shorter or longer.
// bench/laravel/README.md says what is compared with what.
import { readFileSync } from "node:fs";
import { familyCpuSeconds, load, median, report, save, stop } from "./measure.mjs";
import { startDuly } from "./laravel/duly.mjs";
import { proxied, startNginx } from "./laravel/nginx.mjs";
import { startLaravel } from "./laravel/stack.mjs";

const USERS = 1000;
const TASKS = 20;
const SECONDS = Number(process.env.BENCH_SECONDS ?? 5);
const RUNS = Number(process.env.BENCH_RUNS ?? 3);
const MODES = ["list", "mixed"];
const SCRIPT = "bench/laravel/tasks.lua";

const laravel = await startLaravel(USERS, TASKS);
const duly = await startDuly(USERS, TASKS);
const behind = (form) => ({ ...duly.forms[form], ...proxied(form, duly.forms[form].url) });
/** In the order of a round: a Laravel, a Duly. */
const targets = {
  "Laravel, own": laravel.forms.own,
  "Duly, memory": duly.forms.memory,
  "Laravel, tuned, pages": laravel.forms.pages,
  "Duly, Redis": duly.forms.redis,
  "Laravel, tuned, lists": laravel.forms.lists,
  "Duly, memory, nginx": behind("memory"),
  "Duly, Redis, nginx": behind("redis"),
};
const nginx = await startNginx(Object.values(targets).filter((target) => target.site));
const OWN = "Laravel, own";
const TUNED = ["Laravel, tuned, pages", "Laravel, tuned, lists"];
/** How many times less CPU Duly promises to take than the strongest form of Laravel. */
const LIMITS = {
  list: { "Duly, memory": 250, "Duly, Redis": 100, "Duly, memory, nginx": undefined, "Duly, Redis, nginx": undefined },
  mixed: { "Duly, memory": 60, "Duly, Redis": 60, "Duly, memory, nginx": undefined, "Duly, Redis, nginx": undefined },
};

/** CPU seconds that each of a target's servers has used, with its children. */
const spent = (target) => Object.entries(target.pids).map(([name, pid]) => [name, familyCpuSeconds(pid)]);
const pause = () => new Promise((resolve) => setTimeout(resolve, 200));

/** wrk goes without waiting for what it asked last: the next one is not to pay for that. */
async function idle(target) {
  const total = () => spent(target).reduce((sum, [, seconds]) => sum + seconds, 0);
  for (let before = total(), tries = 0; tries < 25; tries++) {
    await pause();
    const now = total();
    if (now - before < 0.02) return;
    before = now;
  }
}

/** Load on a target; answers requests per second and CPU microseconds per request, by server and in all. */
async function measure(target, mode, seconds = SECONDS) {
  await idle(target);
  Object.assign(process.env, { SIDE: target.side, PEOPLE: target.people, MODE: mode });
  const before = spent(target);
  const run = load(target.process, { url: target.url, script: SCRIPT, seconds });
  const after = new Map(spent(target));
  if (run.refused + run.lost > 0) throw new Error(`${target.url}: ${run.refused} requests were refused, ${run.lost} had no answer`);
  const split = Object.fromEntries(before.map(([name, was]) => [name, ((after.get(name) - was) / run.requests) * 1e6]));
  return { perSecond: run.perSecond, requests: run.requests, split, all: Object.values(split).reduce((sum, one) => sum + one) };
}

/** Every user asks for both lists once, so that all are known. */
async function warm(target) {
  for (let asked = 0; asked < 2 * USERS; ) {
    process.env.OFFSET = String(asked);
    asked += (await measure(target, "each", 2)).requests;
  }
}

/** Both sides answer a list of fifteen. */
async function check(name, target) {
  const [token] = readFileSync(target.people, "utf8").split(" ", 1);
  const path = target.side === "duly" ? "/api/v1/tasks?limit=15" : "/api/tasks";
  const answer = await fetch(target.url + path, { headers: { authorization: `Bearer ${token}`, accept: "application/json" } });
  const text = await answer.text();
  if (!answer.ok || JSON.parse(text).data.length !== 15) throw new Error(`${name} answers ${answer.status}: ${text}`);
  report(`${name}: one list`, [text.length], "bytes");
}

for (const [name, target] of Object.entries(targets)) await check(name, target);
const results = Object.fromEntries(Object.keys(targets).map((name) => [name, { list: [], mixed: [] }]));
for (let run = 0; run < RUNS; run++) {
  // What Laravel knows ends after five minutes; here it never does while it is measured.
  laravel.cache.say("FLUSHALL");
  for (const [name, target] of Object.entries(targets)) {
    await warm(target);
    for (const mode of MODES) results[name][mode].push(await measure(target, mode));
  }
}

/** How many times the CPU of the other the one takes, of the same rounds. */
function compare(mode, one, other, least) {
  const times = results[one][mode].map(({ all }, run) => all / results[other][mode][run].all);
  report(`${mode}: ${one} / ${other}`, times, "times", least && { name: `${least} times`, value: least }, true);
}

for (const mode of MODES) {
  console.log(`\n${mode === "list" ? "The cached list" : "90 reads, 10 writes"}: CPU per request, and of which server`);
  for (const [name, { side, pids }] of Object.entries(targets)) {
    const runs = results[name][mode];
    const [divisor, unit] = side === "duly" ? [1, "us"] : [1000, "ms"];
    const tell = (what, figure) => report(`${mode}: ${name}${what}`, runs.map((run) => figure(run) / divisor), unit);
    tell("", (run) => run.all);
    for (const server of Object.keys(pids)) tell(`: ${server}`, (run) => run.split[server]);
    report(`${mode}: ${name}, requests per second`, runs.map((run) => run.perSecond), "/s");
  }
  const cost = (name) => median(results[name][mode].map((run) => run.all));
  const [strongest] = TUNED.toSorted((a, b) => cost(a) - cost(b));
  for (const [other, least] of Object.entries(LIMITS[mode])) compare(mode, strongest, other, least);
  for (const other of Object.keys(LIMITS[mode])) compare(mode, OWN, other);
}
save("laravel");
for (const form of [...Object.values(laravel.forms), ...Object.values(duly.forms)]) await stop(form.process);
for (const server of [nginx, laravel.cache.server, duly.cache.server]) await stop(server);
