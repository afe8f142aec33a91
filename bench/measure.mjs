// What every suite needs: processes, load from wrk, CPU time from /proc, and the report.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const TICKS_PER_SECOND = Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));
export const folder = mkdtempSync(join(tmpdir(), "duly-bench-"));
const children = new Set();
process.on("exit", () => {
  for (const child of children) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

/** Where cargo puts what it builds. */
export const built = (name) => join(process.env.CARGO_TARGET_DIR ?? "target", "release", name);

export async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  return port;
}

export function start(command, args, env = {}) {
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ["ignore", "ignore", "inherit"] });
  children.add(child);
  child.on("exit", () => children.delete(child));
  return child;
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

export async function duly(database) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const server = start(built("duly"), ["serve"], {
    DULY_HTTP__LISTEN: `127.0.0.1:${port}`,
    DULY_HTTP__PUBLIC_URL: url,
    DULY_HTTP__MAX_CONNECTIONS_PER_ADDRESS: "10000",
    DULY_DATABASE__URL: `sqlite:${database}`,
    DULY_LOG__LEVEL: "warn",
  });
  await ready(`${url}/api/openapi.json`);
  return { url, process: server };
}

/** User and system CPU seconds of a process since it started. */
export function cpuSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

export function residentMegabytes(pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]) / 1024;
}

/** Load from wrk; answers requests per second, CPU microseconds per request and refusals. */
export function load(server, { url, script, connections = 64, seconds = 5 }) {
  const args = ["-t2", `-c${connections}`, `-d${seconds}s`, "--latency", ...(script ? ["-s", script] : []), url];
  const before = cpuSeconds(server.pid);
  const output = execFileSync("wrk", args, { encoding: "utf8" });
  const used = cpuSeconds(server.pid) - before;
  const requests = Number(/(\d+) requests in/.exec(output)[1]);
  const refused = Number(/Non-2xx or 3xx responses: (\d+)/.exec(output)?.[1] ?? 0);
  return {
    perSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(output)[1]),
    cpuMicroseconds: (used / requests) * 1e6,
    refused,
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
  writeFileSync(`bench/out/${suite}.json`, `${JSON.stringify(figures, null, 2)}\n`);
}

export const seed = (database, users, tasks) =>
  execFileSync(built("examples/seed"), [database, String(users), String(tasks)], { stdio: "inherit" });
