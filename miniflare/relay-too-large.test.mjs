// An event that has too many bytes for all of its recipients together is refused, and its sender is told.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Clients, ask, heard } from "./clients.mjs";
import { until } from "./waiting.mjs";
import { startWorker } from "./world.mjs";

let worker;
let clients;
before(async () => {
  worker = await startWorker();
  clients = new Clients(worker.url);
});
after(async () => {
  clients.closeAll();
  await worker?.dispose();
});

test("an event that is too large for so many is not acknowledged as sent, awake and after a nap", async () => {
  const [sender, ...others] = await clients.joinAll("crowded", 71, { transports: ["websocket"] });
  const picture = "x".repeat(950_000);
  for (const naps of [false, true]) {
    if (naps) await worker.evict("crowded");
    const [answer] = await ask(sender, "module.map", picture);
    assert.equal(answer.error?.code, "EVENT_TOO_LARGE", JSON.stringify(answer).slice(0, 200));
  }
  sender.emit("module.map", picture);
  await until(() => worker.logs.some((line) => line.includes("EVENT_TOO_LARGE")), "the log to say so");
  assert.deepEqual(await ask(sender, "module.map", "small"), ["small"]);
  for (const other of others) assert.deepEqual(await heard(other, 1), [["module.map", "small"]]);
});
