// Strangers: sessions that join nothing do not keep others out, and do not keep their world awake for long.

import assert from "node:assert/strict";
import { connect } from "node:net";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Clients, ask } from "./clients.mjs";
import { Poller, openWebSocket } from "./engine.mjs";
import { within } from "./waiting.mjs";
import { startWorker } from "./world.mjs";

/** `MAX_POLLING_SESSIONS` of src/limits.rs. */
const MAX_POLLING_SESSIONS = 1_000;

let worker;
let clients;
before(async () => {
  worker = await startWorker({ vars: { MAX_UNJOINED_PER_ADDRESS: "3", CONNECT_TIMEOUT_MS: "12000" } });
  clients = new Clients(worker.url);
});
after(async () => {
  clients?.closeAll();
  await worker?.dispose();
});

const path = (world) => `/w/${world}/socket.io/`;
const stranger = (world) => Poller.open(worker.url, path(world));

/** Opens as many sessions as may poll in a world, and follows none. */
async function fill(world) {
  for (let opened = 0; opened < MAX_POLLING_SESSIONS; opened += 50) {
    await Promise.all(Array.from({ length: 50 }, () => stranger(world)));
  }
}

for (const transports of [["polling"], ["polling", "websocket"]]) {
  test(`a stock client joins a world that is full of strangers, with ${transports.join(" and ")}`, async () => {
    const world = `full-${transports.length}`;
    await fill(world);
    const client = await clients.join(world, { transports });
    assert.deepEqual(await ask(client, "module.here", 1), [1]);
    assert.deepEqual(client.reasons, []);
    client.disconnect();
  });
}

test("a stock client joins while strangers come without end", async () => {
  await fill("crowd");
  const coming = [];
  const crowd = setInterval(() => coming.push(stranger("crowd").catch((error) => error)), 50);
  try {
    for (let n = 0; n < 3; n++) {
      const client = await clients.join("crowd", { transports: ["polling"] });
      assert.deepEqual(await ask(client, "module.here", n), [n]);
      client.disconnect();
    }
  } finally {
    clearInterval(crowd);
  }
  assert.deepEqual((await Promise.all(coming)).filter((came) => came instanceof Error), []);
});

for (const naps of [0, 1]) {
  test(`a world sleeps soon after a GET that nobody follows, ${naps ? "hibernated before" : "awake before"}`, async () => {
    const world = `single-${naps}`;
    const wire = await openWebSocket(worker.url, path(world), { headers: { "cf-connecting-ip": "192.0.2.1" } });
    wire.send("40");
    await wire.take("CONNECT");
    if (naps) assert.equal(await worker.evict(world), true);
    const poller = await stranger(world);
    // It waits for the timer of the session, for 30 s at most.
    await worker.evict(world);
    await poller.assertGone();
    await wire.close();
  });

  test(`one address drives out its own sessions only, ${naps ? "hibernated" : "awake"}`, async () => {
    const world = `address-${naps}`;
    const from = (address) => openWebSocket(worker.url, path(world), { headers: { "cf-connecting-ip": address } });
    const other = await from("198.51.100.9");
    const crowd = [];
    for (let n = 0; n < 3; n++) {
      crowd.push(await from("203.0.113.7"));
      await sleep(5); // so that the clock says which is the oldest
    }
    if (naps) assert.equal(await worker.evict(world), true);
    crowd.push(await from("203.0.113.7"));
    assert.equal((await crowd[0].closed()).code, 1013);
    for (const wire of [other, ...crowd.slice(1)]) {
      wire.send("40");
      assert.match(await wire.take("CONNECT"), /^40\{/);
      await wire.close();
    }
  });
}

test("the body of a POST has no more time than its session has to join", async () => {
  const poller = await stranger("body");
  const { port, host, pathname, search } = new URL(poller.url());
  const socket = connect(port, "127.0.0.1");
  let answer = "";
  socket.on("data", (data) => (answer += data));
  socket.on("error", () => {});
  const closed = new Promise((resolve) => socket.on("close", resolve));
  socket.write(`POST ${pathname}${search} HTTP/1.1\r\nhost: ${host}\r\ncontent-length: 100\r\n\r\n4`);
  await within(closed, "the end of the connection");
  assert.match(answer, /^HTTP\/1\.1 408 /, answer);
  await worker.evict("body");
});
