// A morning: 100,000 reminders that are due at the same minute, out of 5,000,000 tasks of 100,000 people. How long until
// all are planned, how long an urgent job that is pushed meanwhile takes to start, and how much memory the process has:
// `make bench suite=reminders ENGINE=sqlite|postgres|mysql`. `BENCH_TASKS` and `BENCH_USERS` make it smaller, and
// `BENCH_DUE` says how many people are reminded: five times each, because nobody has been told of anything for two days.
import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { address, built, databaseServer, duly, engine, familyCpuSeconds, folder, report, residentMegabytes, save, seed, startReading, stop } from "./measure.mjs";

const users = Number(process.env.BENCH_USERS ?? 100_000);
const tasks = Number(process.env.BENCH_TASKS ?? 5_000_000);
const reminded = Number(process.env.BENCH_DUE ?? users / 5);
/** So long there is from setting everybody's time until it comes, and from one urgent job to the next. In seconds. */
const NOTICE = 5;
const EVERY = 0.5;
const LIMITS = {
  planned: { name: "30 s", value: 30 },
  urgent: { name: "1 s", value: 1 },
  memory: { name: "150 MB", value: 150 },
};

/** A mail server that takes everything, and notes when it took a link for a new password to whom. */
async function mailServer() {
  const told = new Map();
  const server = createServer((socket) => {
    socket.setNoDelay(true).on("error", () => socket.destroy());
    let [rest, to, inMail] = ["", "", false];
    socket.write("220 bench ESMTP\r\n");
    socket.setEncoding("latin1").on("data", (text) => {
      const lines = (rest + text).split("\r\n");
      rest = lines.pop();
      for (const line of lines) {
        if (!inMail) {
          to = /^RCPT TO:<(.+?)>/.exec(line)?.[1] ?? to;
          inMail = line === "DATA";
          socket.write(inMail ? "354 go on\r\n" : line === "QUIT" ? "221 bye\r\n" : "250 fine\r\n");
          if (line === "QUIT") socket.end();
        } else if (line === ".") {
          inMail = false;
          socket.write("250 taken\r\n");
        } else if (/^Subject: .*password/.test(line)) told.set(to, performance.now());
      }
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return { told, url: `smtp://127.0.0.1:${server.address().port}?tls=none`, close: () => server.close() };
}

/** Asks for a link for a new password, which is an urgent mail; answers how long both took, in seconds. */
async function urgent(url, told, number) {
  const email = `person-${number}@example.org`;
  const headers = { "content-type": "application/json", origin: url, "x-forwarded-for": `10.0.${number >> 8}.${number & 255}` };
  const begun = performance.now();
  const answer = await fetch(`${url}/api/v1/password/forgot`, { method: "POST", headers, body: JSON.stringify({ email }) });
  if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`);
  const pushed = performance.now();
  while (!told.has(email)) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    if (performance.now() - pushed > 120_000) throw new Error("an urgent mail was not sent");
  }
  return { asking: (pushed - begun) / 1000, waiting: Math.max(0, told.get(email) - pushed) / 1000 };
}

const server = databaseServer();
const database = address(server ? server.database("bench_morning") : join(folder, "morning.db"));
seed(database, users, tasks / users, "due");
const mails = await mailServer();
const morning = startReading(built("examples/morning"), [database, String(NOTICE), String(reminded)]);
while (!morning.output().includes("\n")) await new Promise((resolve) => setTimeout(resolve, 20));
const { due, people } = JSON.parse(morning.output().split("\n")[0]);
if (people !== reminded) throw new Error(`${people} people have reminders`);
const running = await duly(database, { DULY_MAIL__URL: mails.url, DULY_HTTP__TRUSTED_PROXIES: "127.0.0.1" });

let isOver = false;
const over = once(morning.process, "close").then(() => (isOver = true));
const waits = [];
let [peak, number] = [0, 0];
await new Promise((resolve) => setTimeout(resolve, due - Date.now()));
const cpu = () => [familyCpuSeconds(running.process.pid), server ? familyCpuSeconds(server.pids[0]) : 0];
const before = cpu();
while (!isOver) {
  const begun = performance.now();
  waits.push(await urgent(running.url, mails.told, number++));
  peak = Math.max(peak, residentMegabytes(running.process.pid));
  await Promise.race([over, new Promise((resolve) => setTimeout(resolve, EVERY * 1000 - (performance.now() - begun)))]);
}
await over;
const after = cpu();
const told = morning.output().trim().split("\n").at(-1);
if (!told.includes("planned")) throw new Error(morning.errors());
const { found, planned, promises } = JSON.parse(told);

const count = (value) => value.toLocaleString("en");
const title = `${engine}: ${count(reminded)} people due`;
const most = (name) => Math.max(...waits.map((one) => one[name]));
report(`${title} among ${count(tasks)} tasks, all found`, [found], "s");
report(`${title}, all ${count(promises)} mails planned`, [planned], "s", LIMITS.planned);
report(`${title}, CPU of Duly until then`, [after[0] - before[0]], "s");
if (server) report(`${title}, CPU of the server until then`, [after[1] - before[1]], "s");
report(`${title}, longest of ${waits.length} waits for an urgent job`, [most("waiting")], "s", LIMITS.urgent);
report(`${title}, longest wait for an answer to a change`, [most("asking")], "s");
report(`${title}, resident memory`, [peak], "MB", LIMITS.memory);
save("reminders");
mails.close();
// Most of the mails wait to be sent; nobody waits for them.
running.process.kill("SIGKILL");
process.exit(0);
