// What every suite needs: processes, load from wrk, CPU time from /proc, and the report.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const TICKS_PER_SECOND = Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));
export const folder = mkdtempSync(join(tmpdir(), "duly-bench-"));
const children = new Set();
process.on("exit", () => {
  for (const child of children) {
    try {
      process.kill(-child.pid, "SIGKILL");
    } catch {
      // It has ended meanwhile.
    }
  }
  rmSync(folder, { recursive: true, force: true });
});
for (const signal of ["SIGHUP", "SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(1));

/** Where cargo puts what it builds. */
export const built = (name) => join(process.env.CARGO_TARGET_DIR ?? "target", "release", name);

export async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  return port;
}

/** Starts a process in a group of its own, so that at the end its children end with it. */
export function start(command, args, env = {}, cwd = ".") {
  const child = spawn(command, args, { cwd, detached: true, env: { ...process.env, ...env }, stdio: ["ignore", "ignore", "inherit"] });
  children.add(child);
  child.on("exit", () => children.delete(child));
  return child;
}

/** Starts a process whose output is read, and whose CPU seconds are known when it has ended. */
export function startReading(command, args) {
  const child = spawn("bash", ["-c", '"$@"; times >&2', "bash", command, ...args], { detached: true, stdio: ["ignore", "pipe", "pipe"] });
  children.add(child);
  const read = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"]) child[name].setEncoding("utf8").on("data", (text) => (read[name] += text));
  child.on("exit", () => children.delete(child));
  return {
    process: child,
    output: () => read.stdout,
    errors: () => read.stderr,
    /** Of the process: the second line of what the shell says, minutes and seconds of user and system. */
    cpuSeconds: () => {
      const times = read.stderr.trim().split("\n").at(-1).matchAll(/(\d+)m([\d.]+)s/g);
      return [...times].reduce((sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds), 0);
    },
  };
}

export async function stop(child) {
  child.kill("SIGTERM");
  await once(child, "exit");
}

/** Asks until it is answered; gives up after 30 s. */
export async function ready(url) {
  const deadline = Date.now() + 30_000;
  while (Date.now() < deadline) {
    try {
      return await fetch(url);
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
  throw new Error(`${url} does not answer`);
}

/** Requests are counted, and none is refused. */
export const COUNTED = { DULY_LIMITS__ENABLED: "true", DULY_LIMITS__API: "4000000000/1s per user", DULY_LIMITS__WRITES: "4000000000/1s per user" };

/** Where a database is, as Duly is told: a file may be named by its path alone. */
export const address = (database) => (/^\w+:/.test(database) ? database : `sqlite:${database}`);

export async function duly(database, settings = {}, ...roles) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const server = start(built("duly"), ["serve", ...roles], {
    DULY_HTTP__LISTEN: `127.0.0.1:${port}`,
    DULY_HTTP__PUBLIC_URL: url,
    DULY_HTTP__MAX_CONNECTIONS_PER_ADDRESS: "10000",
    DULY_HTTP__DRAIN_DELAY: "0s",
    DULY_LIMITS__ENABLED: "false",
    DULY_DATABASE__URL: address(database),
    DULY_LOG__LEVEL: "warn",
    ...settings,
  });
  await ready(`${url}/api/openapi.json`);
  return { url, process: server };
}

/** What the kernel says of a process: its parent, and its CPU seconds with those of ended children. */
function statOf(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  return { parent: Number(fields[1]), seconds: ticks / TICKS_PER_SECOND };
}

/** User and system CPU seconds of a process since it started. */
export const cpuSeconds = (pid) => statOf(pid).seconds;

/** The same for a process and all its children: PostgreSQL has one for each connection. */
export function familyCpuSeconds(pid) {
  let sum = cpuSeconds(pid);
  for (const other of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const { parent, seconds } = statOf(other);
      if (parent === pid) sum += seconds;
    } catch {
      // It has ended meanwhile.
    }
  }
  return sum;
}

/** Which engine is measured: `make bench ENGINE=postgres`. */
export const engine = process.env.ENGINE && process.env.ENGINE !== "all" ? process.env.ENGINE : "sqlite";

/**
 * A database server, as durable as the operator book asks for and with memory for the data that is in
 * use; undefined for SQLite. `kind` is its engine, `name` tells it from others, `options` are those of
 * scripts/databases.
 * `pids` are its members' processes, primary first.
 */
export function databaseServer({ kind = engine, name = kind, options = ["--without-replicas"] } = {}) {
  if (kind === "sqlite") return undefined;
  const directory = join(folder, name);
  chmodSync(folder, 0o711);
  execFileSync("scripts/databases", ["start", kind, directory, "--durable", "--memory", "4G", ...options], { stdio: "ignore" });
  process.on("exit", () => execFileSync("scripts/databases", ["stop", directory], { stdio: "ignore" }));
  const read = (name) => new RegExp(`^${name}=(.*)$`, "m").exec(readFileSync(join(directory, "env"), "utf8"))?.[1].replace(/^'|'$/g, "");
  return {
    administrator: read("DULY_TEST_DATABASE_URL"),
    replicas: (read("DULY_TEST_REPLICA_URLS") ?? "").split(",").filter(Boolean),
    pids: ["PRIMARY_PID", "REPLICA1_PID", "REPLICA2_PID"].map((name) => Number(read(name))).filter(Boolean),
    sql: (text) => execFileSync("scripts/databases", ["sql", directory, "primary", text], { encoding: "utf8" }),
    /** Makes an empty database and answers its address. */
    database(name) {
      this.sql(`CREATE DATABASE ${name}${kind === "mysql" ? " CHARACTER SET utf8mb4" : ""}`);
      return this.administrator.replace(/\/[^/]*$/, `/${name}`);
    },
  };
}

/** A Redis that keeps nothing on disk or, when it is durable, every change within a second, as one for jobs does. */
export async function redis({ durable = false } = {}) {
  const port = await freePort();
  const directory = mkdtempSync(join(folder, "redis-"));
  // What was written is not written anew: it would count for whoever is measured just then.
  const kept = ["--appendonly", durable ? "yes" : "no", "--appendfsync", "everysec", "--auto-aof-rewrite-percentage", "0"];
  const server = start("redis-server", ["--port", String(port), "--save", "", "--dir", directory, ...kept]);
  const say = (...words) => execFileSync("redis-cli", ["-p", String(port), ...words], { encoding: "utf8", stdio: "pipe" });
  for (;;) {
    try {
      if (say("PING").startsWith("PONG")) break;
    } catch {
      // It is not there yet.
    }
  }
  return { server, port, say, settings: { DULY_CACHE__URL: `redis://127.0.0.1:${port}` } };
}

export function residentMegabytes(pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]) / 1024;
}

/** Load from wrk; answers requests per second, CPU microseconds per request and refusals. */
export function load(server, { url, script, connections = 64, seconds = 5, beside = [] }) {
  const args = ["-t2", `-c${connections}`, `-d${seconds}s`, "--timeout", "30s", "--latency", ...(script ? ["-s", script] : []), url];
  const others = () => beside.reduce((sum, pid) => sum + familyCpuSeconds(pid), 0);
  const before = [cpuSeconds(server.pid), others()];
  const output = execFileSync("wrk", args, { encoding: "utf8" });
  const used = cpuSeconds(server.pid) - before[0];
  const usedBeside = others() - before[1];
  const requests = Number(/(\d+) requests in/.exec(output)[1]);
  const refused = Number(/Non-2xx or 3xx responses: (\d+)/.exec(output)?.[1] ?? 0);
  const lost = (/Socket errors: (.*)/.exec(output)?.[1].match(/\d+/g) ?? []).reduce((sum, count) => sum + Number(count), 0);
  return {
    perSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(output)[1]),
    cpuMicroseconds: (used / requests) * 1e6,
    /** What the processes `beside` used for it. */
    besideMicroseconds: (usedBeside / requests) * 1e6,
    requests,
    refused,
    /** Those without an answer. */
    lost,
    p99: /99%\s+(\S+)/.exec(output)?.[1],
  };
}

/** The middle of several runs, and all of them. */
export function median(values) {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

const figures = [];

/** One figure of the report: `limit` is what the figure is promised not to pass. */
export function report(name, runs, unit, limit, atLeast = false) {
  const value = median(runs);
  const ratio = limit === undefined ? undefined : value / limit.value;
  figures.push({ name, value, unit, ratio, of: limit?.name, runs });
  const shown = (number) => (number >= 100 ? number.toFixed(0) : number.toFixed(1));
  const verdict = limit === undefined || limit.promise === false ? "" : (atLeast ? ratio >= 1 : ratio <= 1) ? "  ok" : "  MISSED";
  const of = ratio === undefined ? "" : `  ${ratio.toFixed(2)} of ${limit.name}`;
  console.log(`${name.padEnd(46)} ${shown(value).padStart(9)} ${unit}${of}${verdict}`);
}

export function save(suite) {
  writeFileSync(`bench/out/${suite}${engine === "sqlite" ? "" : `-${engine}`}.json`, `${JSON.stringify(figures, null, 2)}\n`);
}

/** Hyper, answering what Duly has answered, headers and all, and nothing else. */
export async function rawHyper(answer) {
  const [body, headers] = [join(folder, "body"), join(folder, "headers")];
  writeFileSync(body, await answer.text());
  // These two it writes itself.
  const kept = [...answer.headers].filter(([name]) => !["content-length", "date"].includes(name));
  writeFileSync(headers, kept.map(([name, value]) => `${name}: ${value}\n`).join(""));
  const port = await freePort();
  const process = start(built("examples/raw_hyper"), [String(port), body, headers]);
  const url = `http://127.0.0.1:${port}`;
  await ready(url);
  return { process, url };
}

/** Fills a database; answers the file with its users' cookies. */
export function seed(database, users, tasks, ...options) {
  const cookies = join(mkdtempSync(join(folder, "cookies-")), "cookies");
  execFileSync(built("examples/seed"), [address(database), String(users), String(tasks), cookies, ...options], { stdio: "inherit" });
  return cookies;
}
