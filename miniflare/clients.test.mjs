// The unmodified socket.io-client against the relay: with its default options (polling first, then the upgrade), and on each
// transport alone.

import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { Clients, ask, heard, upgraded } from "./clients.mjs";
import { Poller } from "./engine.mjs";
import { connectNamespace } from "./packets.mjs";
import { startWorker } from "./world.mjs";

let worker;
let clients;
before(async () => {
  worker = await startWorker();
  clients = new Clients(worker.url);
});
afterEach(() => clients.closeAll());
after(() => worker?.dispose());

const ways = { "default options": {}, "websocket only": { transports: ["websocket"] }, "polling only": { transports: ["polling"] } };

for (const [way, options] of Object.entries(ways)) {
  describe(way, () => {
    const world = way.replaceAll(" ", "-");

    test("an event reaches every other client with its arguments, and not its sender", async () => {
      const [sender, ...others] = await clients.joinAll(world, 3, options);
      const args = [1, "né ☃", null, true, { deep: [{ er: 1.5 }] }, []];
      sender.emit("module.torches", ...args);
      for (const other of others) assert.deepEqual(await heard(other, 1), [["module.torches", ...args]]);
      others[0].emit("system.dnd5e");
      assert.deepEqual(await heard(sender, 1), [["system.dnd5e"]]);
      assert.equal(others[0].heard.length, 1, "a sender does not hear itself");
    });

    test("an event with an ack gets its arguments back, and reaches the others, too", async () => {
      const [sender, other] = await clients.joinAll(world, 2, options);
      assert.deepEqual(await ask(sender, "module.torches", { lit: true }, 2), [{ lit: true }, 2]);
      assert.deepEqual(await ask(sender, "module.torches"), []);
      assert.deepEqual(await heard(other, 2), [["module.torches", { lit: true }, 2], ["module.torches"]]);
    });

    test("binary arguments arrive unchanged, in events and in the ack", async () => {
      const [sender, other] = await clients.joinAll(world, 2, options);
      const all = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
      const args = ["map", all, { tiles: [Buffer.alloc(0), { z: Buffer.from([7]) }] }];
      assert.deepEqual(await ask(sender, "module.maps", ...args), args);
      assert.deepEqual(await heard(other, 1), [["module.maps", ...args]]);
      assert.ok(Buffer.isBuffer(other.heard[0][2]));
      other.emit("module.maps", all);
      assert.deepEqual(await heard(sender, 1), [["module.maps", all]]);
    });

    test("a client that is alone in the world gets its ack", async () => {
      const sender = await clients.join(`${world}-alone`, options);
      assert.deepEqual(await ask(sender, "module.torches", "hello"), ["hello"]);
    });

    for (const event of ["chat", "module.", "modules.a", "test:panic"]) {
      test(`the event ${event} reaches nobody, and its ack names the allowed events`, async () => {
        const [sender, other] = await clients.joinAll(world, 2, options);
        sender.emit(event, "no ack asked for");
        const [answer, ...more] = await ask(sender, event, { some: "data" });
        assert.deepEqual(more, []);
        const { status, error } = answer;
        assert.deepEqual([status, error.code, Object.keys(answer).length], ["error", "UNKNOWN_EVENT", 2]);
        assert.match(error.message, /module\.<id>.*system\.<id>/);
        await ask(sender, "module.after");
        assert.deepEqual(await heard(other, 1), [["module.after"]]);
      });
    }

    test("each sender's events arrive in their order", async () => {
      const count = 300;
      const [reader, ...senders] = await clients.joinAll(`${world}-order`, 3, options);
      // Right after connecting, so that with default options the upgrade happens in between.
      for (let n = 0; n < count; n++) senders.forEach((sender, s) => sender.emit("module.order", s, n, ...(n % 50 ? [] : [Buffer.from([s, n])])));
      await heard(reader, count * senders.length);
      const wanted = Array.from({ length: count }, (_, n) => n);
      senders.forEach((sender, s) => {
        const from = (socket) => socket.heard.filter(([, who]) => who === s);
        assert.deepEqual(from(reader).map(([, , n]) => n), wanted);
        assert.deepEqual(from(sender), [], "not by its sender");
        for (const [, , n, bytes] of from(reader).filter((event) => event.length > 3)) assert.deepEqual(bytes, Buffer.from([s, n]));
      });
      await heard(senders[0], count);
    });

    test("a client that leaves does not disturb the others, and may reconnect", async () => {
      const [sender, leaver, other] = await clients.joinAll(`${world}-leave`, 3, options);
      leaver.disconnect();
      await ask(sender, "module.left", 1);
      assert.deepEqual(await heard(other, 1), [["module.left", 1]]);
      leaver.connect();
      await ask(leaver, "module.back", 2); // it waits for the connection by itself
      assert.deepEqual(await heard(sender, 1), [["module.back", 2]]);
      assert.deepEqual(leaver.heard, []);
    });
  });
}

test("with default options, a client starts by polling and upgrades", async () => {
  const socket = await clients.join("upgrade");
  assert.equal(socket.io.engine.id.length, 20);
  await upgraded(socket);
  assert.deepEqual(await ask(socket, "module.a", 1), [1]);
  assert.deepEqual(socket.reasons, []);
});

test("fifty clients in one world all receive each other's events", async () => {
  const count = 50;
  const everyone = await clients.joinAll("crowd", count);
  assert.equal(new Set(everyone.map((socket) => socket.id)).size, count);
  await Promise.all(everyone.map((socket, n) => ask(socket, "module.hello", n)));
  await Promise.all(everyone.map((socket) => heard(socket, count - 1)));
  await Promise.all(everyone.map(upgraded));
  everyone[0].emit("module.hello", "again");
  await Promise.all(everyone.slice(1).map((socket) => heard(socket, count)));
  everyone.forEach((socket, n) => {
    const others = Array.from({ length: count }, (_, other) => other).filter((other) => other !== n);
    const hellos = socket.heard.map(([, who]) => who);
    if (n > 0) assert.equal(hellos.pop(), "again");
    assert.deepEqual(hellos.toSorted((a, b) => a - b), others);
    assert.deepEqual(socket.reasons, []);
  });
});

test("two worlds do not receive each other's events", async () => {
  const [[a1, a2], [b1, b2]] = await Promise.all([clients.joinAll("alpha", 2), clients.joinAll("beta", 2)]);
  await Promise.all([ask(a1, "module.x", "alpha"), ask(b1, "module.x", "beta")]);
  assert.deepEqual(await heard(a2, 1), [["module.x", "alpha"]]);
  assert.deepEqual(await heard(b2, 1), [["module.x", "beta"]]);
  await Promise.all([ask(a2, "module.x", 2), ask(b2, "module.x", 2)]);
  for (const socket of [a1, b1]) assert.deepEqual(await heard(socket, 1), [["module.x", 2]]);
  for (const socket of [a2, b2]) assert.equal(socket.heard.length, 1);
});

describe("a world's address", () => {
  test("is a path or a query, and both are the same world", async () => {
    const [byPath, byQuery, elsewhere] = await Promise.all([
      clients.join("both"),
      clients.join("both", { path: "/socket.io/", query: { world: "both" } }),
      clients.join("default", { path: "/socket.io/" }),
    ]);
    await ask(byPath, "module.x", "path");
    assert.deepEqual(await heard(byQuery, 1), [["module.x", "path"]]);
    await ask(byQuery, "module.x", "query");
    assert.deepEqual(await heard(byPath, 1), [["module.x", "query"]]);
    const named = await clients.join("default");
    await ask(named, "module.x", "by its name");
    assert.deepEqual(await heard(elsewhere, 1), [["module.x", "by its name"]]);
  });

  const path = { path: "/w/mixed/socket.io/", query: {} };
  const query = { path: "/socket.io/", query: { world: "mixed" } };
  for (const [name, first, then] of [["path and continued by query", path, query], ["query and continued by path", query, path]]) {
    test(`a session may be opened by ${name}`, async () => {
      const poller = await Poller.open(worker.url, first.path, { query: first.query });
      Object.assign(poller, then);
      await poller.send("40");
      assert.match(await poller.take(), /^40\{"sid":"[\w-]{20}"\}$/);
      const wire = await poller.upgrade();
      wire.send('421["module.x",1]');
      await wire.expect("431[1]");
      const other = await clients.join("mixed");
      other.emit("module.x", 2);
      await wire.expect('42["module.x",2]');
      await wire.close();
    });
  }

  test("of another world does not reach the session", async () => {
    const poller = await Poller.open(worker.url, "/w/mine/socket.io/");
    await poller.send("40");
    Object.assign(poller, { path: "/w/other/socket.io/" });
    await poller.assertGone();
    Object.assign(poller, { path: "/w/mine/socket.io/" });
    assert.match(await poller.take(), /^40/);
    const wire = await poller.upgrade();
    wire.send("41");
    await connectNamespace(wire);
    await wire.close();
  });
});
