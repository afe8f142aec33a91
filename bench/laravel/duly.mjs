// Duly on MariaDB, with what it knows in its own memory and in Redis, and people with tokens.
import { readFileSync, writeFileSync } from "node:fs";
import { COUNTED, databaseServer, duly, redis, seed } from "../measure.mjs";

const AT_ONCE = 20;

/** Each user makes a token over the API and asks for the ids of the tasks; answers the file tasks.lua reads. */
async function people(url, cookies) {
  const sessions = readFileSync(cookies, "utf8").trim().split("\n");
  const line = async (session) => {
    const headers = { cookie: `duly_session=${session}`, "sec-fetch-site": "same-origin", "content-type": "application/json" };
    const ask = async (path, body) => {
      const answer = await fetch(url + path, { headers, method: body ? "POST" : "GET", body: body && JSON.stringify(body) });
      if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
      return answer.json();
    };
    const { token } = await ask("/api/v1/tokens", { name: "bench", abilities: ["tasks:read", "tasks:write"] });
    const { data } = await ask("/api/v1/tasks?limit=200");
    return [token, ...data.map((task) => task.id)].join(" ");
  };
  const lines = [];
  while (lines.length < sessions.length) lines.push(...(await Promise.all(sessions.slice(lines.length, lines.length + AT_ONCE).map(line))));
  const file = `${cookies}-people`;
  writeFileSync(file, `${lines.join("\n")}\n`);
  return file;
}

/** Starts one Duly that knows things by itself and one with Redis; answers both. */
export async function startDuly(users, tasks) {
  const database = databaseServer({ kind: "mysql", name: "mariadb-of-duly", options: ["--without-replicas", "--without-binlog"] });
  const cache = await redis();
  const forms = {};
  for (const [form, settings] of Object.entries({ memory: { DULY_CACHE__URL: "memory" }, redis: cache.settings })) {
    const address = database.database(`duly_${form}`);
    const cookies = seed(address, users, tasks);
    const { url, process } = await duly(address, { ...COUNTED, ...settings });
    const pids = { Duly: process.pid, MariaDB: database.pids[0], ...(form === "redis" ? { Redis: cache.server.pid } : {}) };
    forms[form] = { side: "duly", url, process, people: await people(url, cookies), pids };
  }
  return { forms, cache };
}
