// What a read costs beside the bare driver in the same run: `make bench suite=driver ENGINE=mysql`.
import { execFileSync } from "node:child_process";
import { built, databaseServer, engine, report, save } from "./measure.mjs";

// A prepared statement in a loop on one connection is the bare driver.
const LIMITS = { sqlite: 2, postgres: 1.3, mysql: 1.3 };
const server = databaseServer();
const output = execFileSync(built("examples/driver_cost"), {
  encoding: "utf8",
  env: { ...process.env, DULY_TEST_DATABASE_URL: server?.administrator ?? "" },
});
for (const line of output.trim().split("\n")) {
  const { name, ours, bare } = JSON.parse(line);
  report(`${name}, bare driver: CPU of the client`, bare, "us");
  const middle = [...bare].sort((a, b) => a - b)[Math.floor(bare.length / 2)];
  report(`${name}: CPU of the client`, ours, "us", { name: `${LIMITS[engine]} x bare`, value: LIMITS[engine] * middle });
}
save("driver");
