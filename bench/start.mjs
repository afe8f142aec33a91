// Starting: time to the first answer, memory, size of the binary.
import { statSync } from "node:fs";
import { join } from "node:path";
import { built, duly, folder, freePort, ready, report, residentMegabytes, save, start, stop } from "./measure.mjs";

const database = join(folder, "duly.db");
await stop((await duly(database)).process);
const times = [];
const memory = [];
for (let run = 0; run < 5; run++) {
  const port = await freePort();
  const begun = performance.now();
  const server = start(built("duly"), ["serve"], {
    DULY_HTTP__LISTEN: `127.0.0.1:${port}`,
    DULY_DATABASE__URL: `sqlite:${database}`,
    DULY_LOG__LEVEL: "warn",
  });
  await ready(`http://127.0.0.1:${port}/api/v1/me`);
  times.push(performance.now() - begun);
  memory.push(residentMegabytes(server.pid));
  await stop(server);
}
report("start to first answer", times, "ms", { name: "300 ms", value: 300 });
report("resident memory after start", memory, "MB", { name: "40 MB", value: 40 });
report("release binary", [statSync(built("duly")).size / 1e6], "MB", { name: "30 MB", value: 30 });
save("start");
