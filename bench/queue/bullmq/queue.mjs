// What the benchmark itself asks of BullMQ: jobs that no worker takes until they are released.
import { Queue } from "bullmq";

const BATCH = 1000;

export function openQueue(port) {
  const queue = new Queue("bench", { connection: { host: "127.0.0.1", port } });
  const text = "forty-five bytes of data, as it is measured";
  return {
    hold: () => queue.pause(),
    release: () => queue.resume(),
    close: () => queue.close(),
    async push(jobs) {
      for (let first = 0; first < jobs; first += BATCH) {
        const numbers = Array.from({ length: Math.min(BATCH, jobs - first) }, (_, at) => first + at);
        // A job that is done is not kept.
        await queue.addBulk(numbers.map((number) => ({ name: "nothing", data: { number, text }, opts: { removeOnComplete: true } })));
      }
    },
  };
}
