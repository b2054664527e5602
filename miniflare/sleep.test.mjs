// Hibernation at any point of a session: the woken world has its whole state, and no client notices. `evict` does at once what
// the runtime does after ten idle seconds; sleep-natural.test.mjs waits for those.

import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { Clients, ask, heard, upgraded } from "./clients.mjs";
import { Poller, assertRefused, openWebSocket } from "./engine.mjs";
import { assertAnswers, joinNamespace, openSocketIo } from "./packets.mjs";
import { until } from "./waiting.mjs";
import { startWorker } from "./world.mjs";

let echo;
let relay;
let clients;
before(async () => {
  [echo, relay] = await Promise.all([startWorker({ example: "echo" }), startWorker()]);
  clients = new Clients(relay.url);
});
afterEach(() => clients.closeAll());
after(() => Promise.all([echo?.dispose(), relay?.dispose()]));

/** Hibernates a world, and asserts that it was awake. */
async function nap(worker, world) {
  const boots = worker.boots(world);
  assert.equal(await worker.evict(world), true, `${world} was asleep already`);
  assert.equal(worker.boots(world), boots, "hibernating constructs no object");
}

/** Returns clients of a world of examples/echo. */
const open = (world, count = 1) => Promise.all(Array.from({ length: count }, () => openSocketIo(echo.url, { path: `/w/${world}/socket.io/` })));
const close = (...wires) => Promise.all(wires.map((wire) => wire.close()));

describe("unmodified clients", () => {
  test("stay connected and receive each other's events, however often the world hibernates", async () => {
    const all = [...(await clients.joinAll("naps", 2)), await clients.join("naps", { transports: ["websocket"] })];
    await Promise.all(all.map(upgraded));
    const ids = all.map((socket) => socket.id);
    for (let n = 1; n <= 3; n++) {
      await nap(relay, "naps");
      assert.equal(relay.boots("naps"), n);
      const sender = all[n % all.length];
      assert.deepEqual(await ask(sender, "module.nap", n, Buffer.from([n])), [n, Buffer.from([n])]);
      assert.equal(relay.boots("naps"), n + 1, "the event woke it");
      for (const other of all.filter((socket) => socket !== sender)) {
        const events = await until(() => other.heard.filter(([, m]) => m === n).length && other.heard, `nap ${n}`);
        assert.deepEqual(events.at(-1), ["module.nap", n, Buffer.from([n])]);
      }
    }
    assert.deepEqual(all.map((socket) => socket.id), ids);
    assert.deepEqual(all.flatMap((socket) => socket.reasons), []);
  });

  test("may connect to a hibernated world", async () => {
    const first = await clients.join("late", { transports: ["websocket"] });
    for (const options of [{ transports: ["websocket"] }, {}, { transports: ["polling"] }]) {
      await nap(relay, "late");
      const second = await clients.join("late", options);
      await ask(second, "module.hello", 1);
      await heard(first, 1);
      first.emit("module.hello", 2);
      assert.deepEqual(await heard(second, 1), [["module.hello", 2]]);
      first.heard.length = 0;
      second.disconnect();
    }
    assert.deepEqual(first.reasons, []);
  });

  test("may leave a hibernated world, and the others continue", async () => {
    const [first, second, third] = await clients.joinAll("leave", 3, { transports: ["websocket"] });
    await nap(relay, "leave");
    second.disconnect();
    third.io.engine.transport.ws.terminate();
    await until(() => relay.boots("leave") > 1, "the world to wake for them");
    assert.deepEqual(await ask(first, "module.left", 1), [1]);
    await nap(relay, "leave");
    assert.deepEqual(await ask(first, "module.left", 2), [2]);
    assert.deepEqual(first.heard, []);
    assert.deepEqual(first.reasons, []);
  });
});

describe("a world that hibernates keeps", () => {
  test("rooms", async () => {
    const [sender, member, stranger] = await open("rooms", 3);
    for (const wire of [sender, member]) {
      wire.send('421["join","den","nest"]');
      await wire.expect('431["den","nest"]');
    }
    await nap(echo, "rooms");
    sender.send('422["to","den","still here"]');
    await member.expect('42["said","den","still here"]');
    await sender.expect('432["den","still here"]');
    await nap(echo, "rooms");
    member.send('42["to","nest",1]');
    await sender.expect('42["said","nest",1]');
    await nap(echo, "rooms");
    sender.send(`42["to","${stranger.id}","psst"]`); // the room of the socket's own id
    await stranger.expect(`42["said","${stranger.id}","psst"]`);
    await Promise.all([assertAnswers(sender), assertAnswers(member), assertAnswers(stranger)]);
    await close(sender, member, stranger);
  });

  test("more rooms than fit into the WebSocket's attachment", async () => {
    const [sender, member] = await open("palace", 2);
    const rooms = Array.from({ length: 2000 }, (_, n) => `room number ${n}`);
    for (const some of [rooms.slice(0, 1000), rooms.slice(1000)]) {
      member.send(`421${JSON.stringify(["join", ...some])}`);
      await member.expect(`431${JSON.stringify(some)}`);
    }
    for (const room of [rooms[0], rooms[1999], rooms[1000]]) {
      await nap(echo, "palace");
      sender.send(`42${JSON.stringify(["to", room])}`);
      await member.expect(`42${JSON.stringify(["said", room])}`);
    }
    await close(sender, member);
  });

  test("the namespaces of a connection, and which were left", async () => {
    const [wire] = await open("spaces");
    const ids = [wire.id, await joinNamespace(wire, "/custom", { token: "t" })];
    assert.notEqual(ids[0], ids[1]);
    await nap(echo, "spaces");
    wire.send('42/custom,["message",1]', '42["message",2]');
    await wire.expect('42/custom,["message-back",1]', '42["message-back",2]');
    wire.send("41/custom");
    await assertAnswers(wire);
    await nap(echo, "spaces");
    await assertAnswers(wire);
    await joinNamespace(wire, "/custom");
    wire.send("41");
    wire.send('42/custom,["message",3]');
    await wire.expect('42/custom,["message-back",3]');
    await nap(echo, "spaces");
    wire.send('42["message","to a namespace that was left"]');
    await wire.closed();
    assert.deepEqual(wire.received.rest, []);
  });

  test("a session that began by polling", async () => {
    const poller = await Poller.open(echo.url, "/w/poll/socket.io/");
    await poller.send("40");
    assert.match(await poller.take(), /^40\{/);
    assert.equal(await poller.take(), '42["auth",{}]');
    await poller.send('42["join","den"]');
    const wire = await poller.upgrade();
    await assertAnswers(wire);
    await nap(echo, "poll");
    await assertAnswers(wire);
    const [other] = await open("poll");
    await nap(echo, "poll");
    other.send('42["to","den",1]');
    await wire.expect('42["said","den",1]');
    await nap(echo, "poll");
    assertRefused(await poller.get(), 3);
    const second = await poller.webSocket();
    await second.closed();
    await assertAnswers(wire);
    await close(wire, other);
  });

  test("a plain Engine.IO session", async () => {
    const wire = await openWebSocket(echo.url, "/w/plain/engine.io/");
    await nap(echo, "plain");
    await wire.assertEchoes();
    await nap(echo, "plain");
    wire.send(Buffer.from([1, 2, 3]));
    await wire.expect(Buffer.from([1, 2, 3]));
    await wire.close();
  });

  test("a session that has joined no namespace yet", async () => {
    const wire = await openWebSocket(echo.url, "/w/nothing/socket.io/");
    await nap(echo, "nothing");
    await joinNamespace(wire);
    await wire.close();
  });
});

describe("an incomplete packet", () => {
  const placeholders = '{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}';

  /** Sends a frame to a hibernated world, waits until it wakes for it, and hibernates it again. */
  async function sendBetweenNaps(world, wire, frame) {
    const boots = echo.boots(world);
    wire.send(frame);
    await until(() => echo.boots(world) > boots, "the frame to wake the world");
    await nap(echo, world);
  }

  test("is completed when the world hibernates between its attachments", async () => {
    const [sender, member] = await open("half", 2);
    member.send('421["join","den"]');
    await member.expect('431["den"]');
    const bytes = [Buffer.from([0, 255]), Buffer.alloc(0)];
    await nap(echo, "half");
    for (const frame of [`452-["to","den",${placeholders}]`, bytes[0]]) await sendBetweenNaps("half", sender, frame);
    sender.send(bytes[1]);
    await member.expect(`452-["said","den",${placeholders}]`, ...bytes);
    await close(sender, member);
  });

  test("is completed, too, when it does not fit into the WebSocket's attachment", async () => {
    const [sender, member] = await open("spill", 2);
    member.send('421["join","den"]');
    await member.expect('431["den"]');
    const bytes = [Buffer.alloc(900_000, 1), Buffer.alloc(40_000, 2)];
    for (let i = 0; i < 2; i++) {
      await nap(echo, "spill");
      for (const frame of [`452-["to","den",${placeholders}]`, bytes[0]]) await sendBetweenNaps("spill", sender, frame);
      sender.send(bytes[1]);
      await member.expect(`452-["said","den",${placeholders}]`, ...bytes);
    }
    await nap(echo, "spill"); // nothing is left of it
    await assertAnswers(sender);
    await close(sender, member);
  });

  test("ends with its sender", async () => {
    const [sender, other] = await open("gone", 2);
    await nap(echo, "gone");
    for (const frame of [`452-["message",${placeholders}]`, Buffer.alloc(20_000, 1)]) await sendBetweenNaps("gone", sender, frame);
    await sender.close();
    await assertAnswers(other);
    await nap(echo, "gone");
    await assertAnswers(other);
    await other.close();
  });

  test("is still a protocol error if text comes in between", async () => {
    const [wire] = await open("between");
    await nap(echo, "between");
    await sendBetweenNaps("between", wire, '451-["message",{"_placeholder":true,"num":0}]');
    wire.send('42["message",1]');
    await wire.closed();
    assert.deepEqual(wire.received.rest, []);
  });
});
