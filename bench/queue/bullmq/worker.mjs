// node worker.mjs PORT: runs jobs that do nothing until it is told to stop, and says how many.
import { Worker } from "bullmq";

let done = 0;
const connection = { host: "127.0.0.1", port: Number(process.argv[2]), maxRetriesPerRequest: null };
const worker = new Worker("bench", async () => void done++, { connection, concurrency: 100 });
process.on("SIGTERM", async () => {
  await worker.close();
  console.log(JSON.stringify({ done }));
});
