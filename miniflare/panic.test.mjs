// A panic in a handler fails only its event; a panic in the core closes only the connection that caused it. Neither affects other
// worlds of the isolate, and all worlds can still hibernate. miniflare/apps/panics relays events, and has some of its own:
// `test:panic` panics in its handler, `test:panic-core` in the core, `test:join` and `test:room` use a room.

import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { Clients, ask, heard, upgraded } from "./clients.mjs";
import { Poller, openWebSocket } from "./engine.mjs";
import { connectNamespace } from "./packets.mjs";
import { until, within } from "./waiting.mjs";
import { startWorker } from "./world.mjs";

let worker;
let clients;
before(async () => {
  worker = await startWorker({ example: "panics" });
  clients = new Clients(worker.url);
});
afterEach(() => clients.closeAll());
after(() => worker?.dispose());

const websocket = { transports: ["websocket"] };

/** Opens a session that polls, joins `/`, and starts a GET that hangs. */
async function hangingPoll(world) {
  const poller = await Poller.open(worker.url, `/w/${world}/socket.io/`);
  await poller.send("40");
  assert.match(await poller.take(), /^40\{/);
  return { poller, answer: poller.get() };
}

/** Opens another world of the isolate, with an upgraded client, one on a WebSocket, and a hanging GET. Returns a function that
 * asserts that all of them still work. */
async function neighbours(world) {
  const [first, second] = [await clients.join(world), await clients.join(world, websocket)];
  await upgraded(first);
  await ask(second, "test:join");
  const { poller, answer } = await hangingPoll(world);
  return async () => {
    assert.deepEqual(await ask(first, "module.x", "fine"), ["fine"]);
    assert.deepEqual(await heard(second, 1), [["module.x", "fine"]]);
    assert.equal((await within(answer, "the hanging GET")).body, '42["module.x","fine"]');
    await ask(first, "test:room", "in the room");
    assert.deepEqual((await heard(second, 2)).at(-1), ["module.x", "in the room"]);
    assert.deepEqual([...first.reasons, ...second.reasons], []);
    assert.equal(worker.boots(world), 1, "its memory was not lost");
    await (await poller.upgrade()).close();
  };
}

/** Asserts that each world can hibernate, wake, and relay an event. */
async function assertBothSleep(...worlds) {
  for (const [world, speaker, listener] of worlds) {
    const [boots, count] = [worker.boots(world), listener.heard.length];
    assert.equal(await worker.evict(world), true);
    assert.deepEqual(await ask(speaker, "module.awake"), []);
    assert.deepEqual((await heard(listener, count + 1)).at(-1), ["module.awake"]);
    assert.equal(worker.boots(world), boots + 1);
  }
}

const panics = () => worker.logs.filter((line) => /panicked/.test(line)).length;

/** Returns the first line of the log about a panic in a world. */
async function lineOf(world) {
  const find = () => worker.records.find((line) => line.world === world && line.code === "PANIC");
  await until(find, `a line about a panic in ${world}`);
  return find();
}

describe("in a handler", () => {
  test("the same world answers its next event", async () => {
    const [sender, other] = await clients.joinAll("handler", 2, websocket);
    const before = panics();
    sender.emit("test:panic");
    assert.deepEqual(await ask(sender, "module.next", 1), [1]);
    assert.deepEqual(await heard(other, 1), [["module.next", 1]]);
    assert.deepEqual([...sender.reasons, ...other.reasons], []);
    assert.equal(worker.boots("handler"), 1);
    await until(() => panics() > before, "a line about it in the log");
    const { level, message, namespace, socket, event } = await lineOf("handler");
    assert.deepEqual([level, namespace, socket, event], ["error", "/", sender.id, "test:panic"]);
    assert.match(message, /the handler of test:panic panics/);
    // By console_error_panic_hook, with the place and JavaScript's trace.
    await until(() => worker.logs.some((line) => /panicked at .*lib\.rs/.test(line)), "the panic itself");
  });

  test("the ack is an error", async () => {
    const sender = await clients.join("handler-ack", websocket);
    for (let n = 0; n < 3; n++) {
      const [answer, ...more] = await ask(sender, "test:panic", "data");
      assert.deepEqual([answer.status, answer.error.code, more], ["error", "INTERNAL_SERVER_ERROR", []]);
      assert.ok(answer.error.message);
    }
    assert.deepEqual(await ask(sender, "module.next", 1), [1]);
  });

  test("a session that polls continues with the rest of its payload", async () => {
    const poller = await Poller.open(worker.url, "/w/handler-poll/socket.io/");
    await poller.send("40");
    assert.match(await poller.take(), /^40\{/);
    await poller.send('421["module.before"]', '42["test:panic"]', '422["module.after"]');
    assert.deepEqual([await poller.take(), await poller.take()], ["431[]", "432[]"]);
    await (await poller.upgrade()).close();
  });

  test("another world does not notice, and both can sleep", async () => {
    const assertFine = await neighbours("handler-next-door");
    const [a, b] = await clients.joinAll("handler-sleep", 2, websocket);
    for (let n = 0; n < 5; n++) a.emit("test:panic");
    await ask(a, "module.next");
    await heard(b, 1);
    await assertFine();
    const [c, d] = await clients.joinAll("handler-next-door", 2, websocket);
    await assertBothSleep(["handler-sleep", a, b], ["handler-next-door", c, d]);
  });
});

describe("in the core", () => {
  /** Emits `test:panic-core`, and waits until the sender was disconnected for it. */
  async function panic(sender) {
    sender.io.reconnection(false);
    sender.emit("test:panic-core");
    await until(() => sender.reasons.length, "the sender to be disconnected");
    assert.deepEqual(sender.reasons, ["transport close"]);
  }

  test("only the sender's connection is closed, with 1011", async () => {
    const [b, c] = await clients.joinAll("core", 2, websocket);
    const wire = await openWebSocket(worker.url, "/w/core/socket.io/");
    await connectNamespace(wire);
    const before = panics();
    wire.send('42["test:panic-core"]');
    assert.equal((await wire.closed()).code, 1011);
    assert.deepEqual(wire.received.rest, []);
    b.emit("module.next", 1);
    assert.deepEqual(await heard(c, 1), [["module.next", 1]]);
    assert.deepEqual(await ask(c, "module.next", 2), [2]);
    assert.deepEqual(await heard(b, 1), [["module.next", 2]]);
    assert.deepEqual([...b.reasons, ...c.reasons], []);
    await until(() => panics() > before, "a line about it in the log");
    const { level, message, event } = await lineOf("core");
    assert.deepEqual([level, event], ["error", "test:panic-core"]);
    assert.match(message, /^bug: an event panicked: the core panics/);
  });

  test("the sender may reconnect", async () => {
    const [a, b] = await clients.joinAll("core-again", 2, websocket);
    await panic(a);
    a.connect();
    assert.deepEqual(await ask(a, "module.back", 1), [1]);
    assert.deepEqual(await heard(b, 1), [["module.back", 1]]);
  });

  test("a session that polls, which is in memory only, ends at once", async () => {
    const { poller, answer } = await hangingPoll("core-poll");
    const [a] = await clients.joinAll("core-poll", 2, websocket);
    await panic(a);
    const { status, body } = await within(answer, "the hanging GET");
    assert.deepEqual([status, JSON.parse(body).code], [400, 1]);
    await poller.assertGone();
  });

  test("another world does not notice, and both can sleep", async () => {
    const assertFine = await neighbours("core-next-door");
    const [a, b, c] = await clients.joinAll("core-sleep", 3, websocket);
    await panic(a);
    await assertFine();
    const [d, e] = await clients.joinAll("core-next-door", 2, websocket);
    await assertBothSleep(["core-sleep", b, c], ["core-next-door", d, e]);
  });
});
