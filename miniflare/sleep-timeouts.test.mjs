// Deadlines of a hibernated world, with the short intervals of the protocol suites, at which every deadline is exact.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openWebSocket } from "./engine.mjs";
import { assertAnswers, openSocketIo } from "./packets.mjs";
import { until } from "./waiting.mjs";
import { startWorker } from "./world.mjs";

let worker;
before(async () => {
  const vars = { PING_INTERVAL_MS: "300", PING_TIMEOUT_MS: "200", CONNECT_TIMEOUT_MS: "1500" };
  worker = await startWorker({ example: "echo", vars });
});
after(() => worker?.dispose());

const path = (world) => `/w/${world}/socket.io/`;

test("a client that answers its pings stays connected while the world hibernates between them", async () => {
  const wire = await openSocketIo(worker.url, { path: path("alive") });
  for (let n = 0; n < 5; n++) {
    const { pings } = wire;
    await until(() => wire.pings > pings, "a ping");
    await worker.evict("alive");
    assert.equal(wire.ws.readyState, wire.ws.OPEN);
  }
  await until(() => worker.boots("alive") >= 5, "every ping to wake the world");
  await assertAnswers(wire);
  await wire.close();
});

for (const naps of [0, 1]) {
  test(`only a client that stops answering is closed, ${naps ? "hibernated" : "awake"}`, async () => {
    const world = `silent-${naps}`;
    const good = await openSocketIo(worker.url, { path: path(world) });
    const silent = await openSocketIo(worker.url, { path: path(world), pong: false });
    await silent.expect("2");
    silent.send("3"); // it answers once only
    await silent.expect("2");
    if (naps) {
      const boots = worker.boots(world);
      await worker.evict(world);
      await until(() => worker.boots(world) > boots, "the alarm to wake the world");
    }
    await silent.closed();
    assert.deepEqual(silent.received.rest, []);
    good.send(`421["to","${silent.id}"]`);
    await good.expect(`431["${silent.id}"]`);
    await assertAnswers(good);
    await good.close();
  });
}

test("a client that joins no namespace is closed by a hibernated world", async () => {
  const good = await openSocketIo(worker.url, { path: path("idle") });
  const idle = await openWebSocket(worker.url, path("idle"));
  // A world cannot be evicted before its roster is written, after half a second, and does not get pongs until then.
  await until(() => good.pings > 1, "the roster to be written");
  assert.equal(await worker.evict("idle"), true);
  await idle.closed();
  assert.deepEqual(idle.received.rest, []);
  assert.ok(idle.pings > 1, "it was not the heartbeat that closed it");
  await assertAnswers(good);
  await good.close();
});

test("a world without clients does not wake", async () => {
  const wire = await openSocketIo(worker.url, { path: path("empty") });
  await wire.close();
  await worker.evict("empty");
  const boots = worker.boots("empty");
  // The pings of another world show that more than a ping interval has passed.
  const clock = await openSocketIo(worker.url, { path: path("clock") });
  await until(() => clock.pings > 3, "time to go by");
  assert.equal(worker.boots("empty"), boots);
  await clock.close();
});
