// What aborts the wasm instance, such as a handler that overflows the stack, costs every world of the isolate what it has in memory,
// and they wake again. It does not happen again and again, nobody waits for the lost instance, and the log names the world and the
// event. The handlers are in miniflare/apps/panics/src/aborts.rs; tests/attempts.rs tests how often an attempt is made, and when.

import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { Clients, ask, heard } from "./clients.mjs";
import { Poller, openWebSocket, request } from "./engine.mjs";
import { connectNamespace } from "./packets.mjs";
import { until, within } from "./waiting.mjs";
import { startWorker } from "./world.mjs";

const websocket = { transports: ["websocket"] };
const ADMIN_KEY = "correct-horse-battery-staple";

let worker;
let clients;
before(async () => {
  worker = await startWorker({ example: "panics", wrapper: "miniflare/fixtures/faults/main.js", vars: { ADMIN_KEY } });
  clients = new Clients(worker.url);
});
afterEach(() => clients.closeAll());
after(() => worker?.dispose());

const linesOf = (world, text) => worker.records.filter((line) => line.world === world && line.message.includes(text));
const abortsOf = (world) => linesOf(world, " aborted the wasm instance").length;

/** Asserts that a world answers a client that connects now, and those that are connected. */
async function assertLives(world, ...connected) {
  assert.deepEqual(await ask(await clients.join(world, websocket), "module.new", 1), [1]);
  for (const client of connected) {
    assert.deepEqual(await ask(client, "module.old", 2), [2]);
    assert.deepEqual(client.reasons, []);
  }
}

/** Returns a WebSocket that joined `/` of a world, and is no client that connects again. */
async function openWire(world) {
  const wire = await openWebSocket(worker.url, `/w/${world}/socket.io/`);
  await connectNamespace(wire);
  return wire;
}

describe("an alarm that aborts", () => {
  for (const kind of ["stack", "recursion", "memory", "unreachable"]) {
    test(`leaves its world alive, and the others (${kind})`, async () => {
      const [world, other] = [`alarm-${kind}`, `beside-${kind}`];
      const [client, neighbour] = [await clients.join(world, websocket), await clients.join(other, websocket)];
      await ask(client, "test:alarm", `${kind}/aborts`, 50);
      await until(() => abortsOf(world), "a line about the abort");
      await assertLives(world, client);
      await assertLives(other, neighbour);
      assert.equal(await worker.evict(world), true);
      await assertLives(world, client);
      // Its first request, the abort, and the test's own; the next attempt is a minute later.
      assert.deepEqual([abortsOf(world), worker.boots(world), worker.boots(other)], [1, 3, 2]);
    });
  }
});

describe("an event that aborts", () => {
  for (const kind of ["stack", "unreachable"]) {
    test(`closes its socket only, awake and asleep (${kind})`, async () => {
      const [world, other] = [`event-${kind}`, `beside-event-${kind}`];
      const [client, neighbour] = [await clients.join(world, websocket), await clients.join(other, websocket)];
      for (let n = 1; n <= 2; n++) {
        const wire = await openWire(world);
        if (n === 2) assert.equal(await worker.evict(world), true);
        wire.send(`42["test:abort","${kind}"]`);
        assert.equal((await wire.closed()).code, 1011);
        await assertLives(world, client);
        await assertLives(other, neighbour);
        assert.equal(abortsOf(world), n, "the frame is not delivered again");
      }
    });
  }

  // Too many packets for one turn: those behind are handled in the next ones, which the world's own events begin.
  test("that had waited for a later turn closes its socket only, and does not count as the world's own", async () => {
    const world = "late";
    const client = await clients.join(world, websocket);
    for (let n = 1; n <= 3; n++) {
      const wire = await openWire(world);
      if (n === 3) assert.equal(await worker.evict(world), true);
      for (let sent = 0; sent < 2_000; sent++) wire.send('42["test:join","room"]');
      wire.send('42["test:abort","unreachable"]');
      assert.equal((await wire.closed()).code, 1011);
      await assertLives(world, client);
      assert.equal(abortsOf(world), n);
    }
    const late = linesOf(world, "a packet that had waited, whose socket is closed");
    assert.equal(late.length, 3, "the aborts were late");
    assert.deepEqual(linesOf(world, "aborted 2 times"), []);
  });

  test("has written what it wrote before", async () => {
    const client = await clients.join("written", websocket);
    for (const [value, sleeps] of [[1, false], [2, true]]) {
      const wire = await openWire("written");
      if (sleeps) assert.equal(await worker.evict("written"), true);
      wire.send(`42["test:write-and-abort",${value}]`);
      assert.equal((await wire.closed()).code, 1011);
      assert.deepEqual(await ask(client, "test:written"), [value]);
    }
  });

  test("of a socket that leaves does not come again", async () => {
    const client = await clients.join("leaving", websocket);
    const leaving = await clients.join("leaving", { namespace: "/leaving", ...websocket });
    leaving.disconnect();
    await until(() => abortsOf("leaving"), "a line about the abort");
    await assertLives("leaving", client);
    assert.equal(abortsOf("leaving"), 1);
  });
});

describe("who waits for the lost instance", () => {
  const assertAborted = async (waiting, what) => {
    const { status, body } = await within(waiting, what, 5000);
    assert.deepEqual([status, JSON.parse(body).error?.code], [500, "ABORTED"], what);
  };

  test("is told at once", async () => {
    const client = await clients.join("waits", websocket);
    const headers = { authorization: `Bearer ${ADMIN_KEY}`, "content-type": "application/json" };
    const emit = JSON.stringify({ event: "never acknowledged", ack: { timeoutMs: 60_000 } });
    const waiting = {
      "a route": request(`${worker.url}/w/waits/waits`),
      "a route of another world": request(`${worker.url}/w/waits-beside/waits`),
      "an admin call": request(`${worker.url}/api/worlds/waits/emit`, { method: "POST", headers, body: emit }),
    };
    await heard(client, 1);
    await until(() => worker.boots("waits-beside"), "the other world's request");
    // Now, because it would get what the admin call emits.
    const poller = await Poller.open(worker.url, "/w/waits/socket.io/");
    await poller.send("40");
    assert.match(await poller.take(), /^40\{/);
    waiting["a GET that hangs"] = poller.get();
    const hangs = async () => JSON.parse((await request(`${worker.url}/api/worlds/waits/awake`, { headers })).body).hangingGets > 0;
    await until(hangs, "the GET to arrive");
    const own = request(`${worker.url}/w/aborter/aborts`);
    for (const [what, answer] of Object.entries(waiting)) await assertAborted(answer, what);
    assert.equal((await own).status, 500);
    await assertLives("waits", client);
    await poller.assertGone();
  });
});

describe("waking", () => {
  const fault = async (kind, place) => assert.equal((await request(`${worker.url}/test/fault?kind=${kind}&place=${place}`)).status, 200);

  /** Returns three WebSockets of a world that hibernates, in the order in which it will read them. */
  async function asleep(world) {
    const wires = [await openWire(world), await openWire(world), await openWire(world)];
    assert.equal(await worker.evict(world), true);
    return wires;
  }

  const relayed = async (from, to, text) => {
    from.send(`42["module.x","${text}"]`);
    assert.equal(await to.take(), `42["module.x","${text}"]`);
  };

  test("closes a socket whose attachment cannot be read", async () => {
    const [first, broken, last] = await asleep("unreadable");
    await fault("unreadable", 1);
    await relayed(first, last, "hello");
    assert.equal((await broken.closed()).code, 1000);
    await relayed(last, first, "hello again");
    assert.equal(abortsOf("unreadable"), 0);
  });

  test("closes a socket at which it aborted twice", async () => {
    const [first, broken, last] = await asleep("unwakeable");
    await fault("aborts", 1);
    // Events that meet the aborts are lost.
    const done = (async () => assert.equal((await broken.closed()).code, 1011))();
    for (let n = 0; n < 2; n++) {
      first.send('42["module.lost"]');
      await until(() => abortsOf("unwakeable") > n, "a line about the abort");
    }
    await relayed(first, last, "hello");
    await done;
    assert.equal(abortsOf("unwakeable"), 2);
    assert.equal(linesOf("unwakeable", "aborted 2 times in a row").length > 0, true, "it says so");
    await relayed(last, first, "hello again");
  });
});
