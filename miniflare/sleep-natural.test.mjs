// Real hibernation in real time, without `evict`. The tests run concurrently, because they mostly wait.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Clients, ask, heard, upgraded } from "./clients.mjs";
import { openSocketIo } from "./packets.mjs";
import { until } from "./waiting.mjs";
import { startWorker } from "./world.mjs";

// An object hibernates after ten idle seconds, so that it is hibernated when the next ping is due.
const PING_INTERVAL = 11_000;
const LONG_MS = 90_000;

let relay;
let echo;
let clients;
before(async () => {
  const vars = { PING_INTERVAL_MS: String(PING_INTERVAL), PING_TIMEOUT_MS: "5000" };
  [relay, echo] = await Promise.all([startWorker({ vars }), startWorker({ example: "echo", vars })]);
  clients = new Clients(relay.url);
});
after(async () => {
  clients?.closeAll();
  await Promise.all([relay?.dispose(), echo?.dispose()]);
});

describe("ten idle seconds and more", { concurrency: true }, () => {
  test("a world hibernates by itself, and wakes for an event with its clients connected", async () => {
    const worker = await startWorker(); // at the default interval no ping comes in between
    const here = new Clients(worker.url);
    try {
      const [speaker, listener] = await here.joinAll("idle", 2);
      await Promise.all([speaker, listener].map(upgraded));
      assert.equal(worker.boots("idle"), 1);
      for (let n = 1; worker.boots("idle") < 2; n++) {
        assert.ok(n < 5, "it never slept");
        await sleep(12_000);
        assert.deepEqual(await ask(speaker, "module.idle", n), [n]);
        await heard(listener, n);
      }
      assert.equal(worker.boots("idle"), 2);
      assert.deepEqual([...speaker.reasons, ...listener.reasons], []);
    } finally {
      here.closeAll();
      await worker.dispose();
    }
  });

  test("between pings the world hibernates, and its clients stay connected", async () => {
    const [a, b] = await clients.joinAll("beat", 2);
    await Promise.all([a, b].map(upgraded));
    let pings = 0;
    a.io.on("ping", () => (pings += 1));
    // The client closes after interval + timeout without a ping, the server after as long without a pong.
    await until(() => pings >= 3, "three pings", LONG_MS);
    assert.ok(relay.boots("beat") >= 3, `it slept before most pings: ${relay.boots("beat")} boots`);
    assert.deepEqual(await ask(a, "module.beat"), []);
    assert.deepEqual(await heard(b, 1), [["module.beat"]]);
    assert.deepEqual([...a.reasons, ...b.reasons], []);
  });

  test("a client that stops answering is closed, the others are not", async () => {
    const path = "/w/mixed/socket.io/";
    const good = await openSocketIo(echo.url, { path });
    const silent = await openSocketIo(echo.url, { path, pong: false });
    await until(() => silent.ws.readyState !== silent.ws.OPEN, "the silent one to be closed", LONG_MS);
    await silent.closed();
    assert.ok(silent.pings > 0, "it was pinged");
    const { pings } = good;
    await until(() => good.pings > pings, "the next ping", LONG_MS);
    good.send(`421["to","${silent.id}"]`);
    await good.expect(`431["${silent.id}"]`);
    await good.close();
  });

  test("a client that stops answering is closed when it is alone, too", async () => {
    const silent = await openSocketIo(echo.url, { path: "/w/lonely/socket.io/", pong: false });
    await until(() => silent.ws.readyState !== silent.ws.OPEN, "it to be closed", LONG_MS);
    await silent.closed();
    assert.ok(silent.pings > 1, "it was pinged more than once: one late alarm closes no session");
  });
});
