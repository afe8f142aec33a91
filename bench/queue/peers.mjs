// Other job queues on one Redis, in turn: each has two processes, which wait when the jobs are released to them, so
// that what it costs to start is not counted. README.md says what is compared with what.
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { familyCpuSeconds, redis, report, startReading, stop } from "../measure.mjs";
import { bullmq } from "./bullmq.mjs";
import { laravel } from "./laravel.mjs";
import { need } from "./need.mjs";
import { sidekiq } from "./sidekiq.mjs";

const PROCESSES = [1, 2];

/** Sends commands that are answered with a number; answers their sum. */
async function openCounter(port) {
  const socket = connect(port, "127.0.0.1").setEncoding("utf8");
  await once(socket, "connect");
  return {
    close: () => socket.destroy(),
    async sum(commands) {
      socket.write(commands.map((command) => `${command}\r\n`).join(""));
      let text = "";
      while (text.split("\r\n").length <= commands.length) [text] = [text + (await once(socket, "data"))[0]];
      return text.match(/^:\d+/gm).reduce((sum, answer) => sum + Number(answer.slice(1)), 0);
    },
  };
}

/** Asks again and again until it is so, as long as all workers run. */
async function until(isSo, workers, milliseconds) {
  while (!(await isSo())) {
    const ended = workers.find(({ process }) => process.exitCode !== null);
    if (ended) throw new Error(`a worker has ended: ${ended.errors()}`);
    await pause(milliseconds);
  }
}

/** Answers CPU microseconds for a job, of workers and of Redis, and jobs per second. */
async function run({ worker, env, push, hold, release, waits, left }, server, jobs) {
  server.say("FLUSHALL");
  await push(jobs);
  await hold();
  const words = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const workers = PROCESSES.map(() => startReading("env", [...words, ...worker]));
  const waiting = () => server.say("CLIENT", "LIST").split(`cmd=${waits.command} `).length - 1;
  await until(() => waiting() === PROCESSES.length * waits.connections, workers, 50);
  const spent = () => ({
    workers: workers.reduce((sum, { process }) => sum + familyCpuSeconds(process.pid), 0),
    store: familyCpuSeconds(server.server.pid),
  });
  const counter = await openCounter(server.port);
  const before = spent();
  await release();
  let began;
  const isEmpty = async () => {
    const count = await counter.sum(left);
    if (count < jobs) began ??= performance.now();
    return count === 0;
  };
  await until(isEmpty, workers, 10);
  const [took, after] = [performance.now() - began, spent()];
  counter.close();
  const done = await Promise.all(workers.map(end));
  if (done.reduce((sum, one) => sum + one, 0) !== jobs) throw new Error(`${done.join(" and ")} of ${jobs} jobs were run`);
  const cost = (what) => ((after[what] - before[what]) / jobs) * 1e6;
  return { workers: cost("workers"), store: cost("store"), all: cost("workers") + cost("store"), perSecond: (jobs / took) * 1000 };
}

/** Tells a worker to stop; answers how many jobs it says it has run. */
async function end(worker) {
  process.kill(-worker.process.pid, "SIGTERM");
  await once(worker.process, "close");
  return JSON.parse(/\{.*\}/.exec(worker.output())?.[0] ?? '{"done":0}').done;
}

/** Makes those ready that can be had here, and says of the others what to do. */
async function prepareAll(server) {
  const ready = [];
  for (const peer of [sidekiq, bullmq, laravel]) {
    try {
      ready.push({ ...peer, ...(await peer.prepare(server)), runs: [] });
    } catch (error) {
      console.log(`${peer.name} is left out: ${error.message}`);
    }
  }
  return ready;
}

export async function startPeers(jobs) {
  try {
    need("redis");
  } catch (error) {
    console.log(`the peers are left out: ${error.message}`);
    return undefined;
  }
  const server = await redis({ durable: true });
  const peers = await prepareAll(server);
  return {
    redis: server,
    async round() {
      for (const peer of peers) peer.runs.push(await run(peer, server, jobs));
    },
    /** `ours` is what Duly took in the same rounds, in microseconds for a job. */
    report(name, ours) {
      for (const { name: peer, version, runs, least } of peers) {
        const tell = (what, figure, unit) => report(`${peer} ${version}: ${what}`, runs.map(figure), unit);
        tell("CPU for a job", ({ all }) => all, "us");
        tell("CPU for a job, workers", ({ workers }) => workers, "us");
        tell("CPU for a job, Redis", ({ store }) => store, "us");
        tell("jobs per second", ({ perSecond }) => perSecond, "/s");
        const times = runs.map(({ all }, at) => all / ours[at]);
        report(`${peer} / Duly, ${name}`, times, "times", { name: `${least} times`, value: least }, true);
      }
    },
    async close() {
      for (const peer of peers) await peer.close?.();
      await stop(server.server);
    },
  };
}
