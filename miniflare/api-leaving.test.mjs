// The reasons why sockets leave, as Socket.IO names them, and what their handlers can still read; and clients that do not read.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ask } from "./clients.mjs";
import { Poller, openWebSocket } from "./engine.mjs";
import { connectNamespace } from "./packets.mjs";
import { heardOf, rows, websocket } from "./rows.mjs";
import { until } from "./waiting.mjs";

const app = rows();
// The same with a quick heartbeat, for clients that miss it. A world cannot be evicted before its roster is written, after half a second.
const quick = rows({ PING_INTERVAL_MS: "1000", PING_TIMEOUT_MS: "1500", CONNECT_TIMEOUT_MS: "4000" });

/** Waits until the watcher was told that this socket left; asserts its reason and its rooms. */
async function assertLeft(watcher, id, reason, rooms = []) {
  const left = (event) => until(
    () => watcher.heard.find(([name, who]) => name === event && who === id),
    () => `${event} of ${id}; heard: ${JSON.stringify(watcher.heard)}`,
  );
  assert.deepEqual(await left("leaving"), ["leaving", id, reason, rooms]);
  assert.deepEqual(await left("left"), ["left", id, reason]);
  assert.equal(watcher.heard.filter(([name, who]) => name === "left" && who === id).length, 1);
}

describe("stock clients", () => {
  app.row("server namespace disconnect", async ({ join, watch, rest }) => {
    const watcher = await watch();
    for (const close of [false, true]) {
      const client = await join();
      const { id } = client;
      await ask(client, "join", ["den"]);
      await rest();
      client.emit("leave me", close);
      await assertLeft(watcher, id, "server namespace disconnect", ["den"]);
      await until(() => client.reasons.length, "the client to notice");
      assert.deepEqual(client.reasons, ["io server disconnect"]);
    }
  });

  app.row("client namespace disconnect", async ({ join, watch, rest }) => {
    const watcher = await watch();
    const client = await join();
    const { id } = client;
    await ask(client, "join", ["den"]);
    await rest();
    client.disconnect();
    await assertLeft(watcher, id, "client namespace disconnect", ["den"]);
  });

  app.row("of one namespace leaves the others", async ({ name, worker, watch, rest }) => {
    const watcher = await watch();
    const wire = await openWebSocket(worker.url, `/w/${name}/socket.io/`);
    const ids = [await connectNamespace(wire), await connectNamespace(wire, "/leaving")];
    await rest();
    wire.send("41/leaving");
    await assertLeft(watcher, ids[1], "client namespace disconnect");
    await rest();
    wire.send('421["echo",1]');
    await wire.expect("431[1]");
    wire.send('42["leave me",true]');
    await wire.expect("41");
    await wire.closed();
    await assertLeft(watcher, ids[0], "server namespace disconnect");
  }, ["websocket"]);

  app.row("with the connection: all namespaces", async ({ name, worker, watch, rest }) => {
    const watcher = await watch();
    const wire = await openWebSocket(worker.url, `/w/${name}/socket.io/`);
    const ids = [await connectNamespace(wire), await connectNamespace(wire, "/leaving")];
    await rest();
    wire.send('42/leaving,["leave me",true]');
    await wire.closed();
    for (const id of ids) await assertLeft(watcher, id, "server namespace disconnect");
    assert.deepEqual(wire.received.rest.sort(), ["41", "41/leaving,"]);
  }, ["websocket"]);

  app.row("server shutting down", async ({ join, rest }) => {
    const clients = [await join(), await join(), await join("/leaving")];
    const ids = clients.map(({ id }) => id);
    await rest();
    clients[0].io.reconnection(false);
    clients.slice(1).forEach((client) => client.io.reconnection(false));
    clients[0].emit("close the world");
    await until(() => clients.every(({ reasons }) => reasons.length), "everybody to be disconnected");
    assert.deepEqual(clients.map(({ reasons }) => reasons), ids.map(() => ["transport close"]));
    // Clients can connect again.
    await rest();
    const next = await join();
    assert.equal((await ask(next, "sockets", null))[0].clients, 1);
  });

  app.row("transport close", async ({ join, watch, rest }) => {
    const watcher = await watch();
    const client = await join();
    const { id } = client;
    client.io.reconnection(false);
    await rest();
    client.io.engine.close(); // without leaving its namespace first
    await assertLeft(watcher, id, "transport close");
    const lost = await join("/", websocket);
    lost.io.reconnection(false);
    const lostId = lost.id;
    await rest();
    lost.io.engine.transport.ws.terminate();
    await assertLeft(watcher, lostId, "transport close");
  });
});

describe("a client that breaks the protocol", () => {
  const faults = [
    ["transport error: a ping from the client", "2", "transport error"],
    ["parse error: an unknown Engine.IO packet", "9", "parse error"],
    ["parse error: an empty packet", "", "parse error"],
    ["forced close: a Socket.IO packet that cannot be read", "4abc", "forced close"],
    ["forced close: an event with a reserved name", '42["disconnect"]', "forced close"],
    ["forced close: an attachment without its packet", Buffer.from([1]), "forced close"],
    ["forced close: a second CONNECT", "40", "forced close"],
    ["forced close: an event for a namespace that was not joined", '42/leaving,["echo"]', "forced close"],
    ["transport close: a close packet", "1", "transport close"],
  ];
  for (const [name, frame, reason] of faults) {
    app.row(name, async ({ name: world, worker, watch, rest }) => {
      const watcher = await watch();
      const wire = await openWebSocket(worker.url, `/w/${world}/socket.io/`);
      const id = await connectNamespace(wire);
      wire.send('421["join",["den"]]');
      await wire.expect(`431[["${id}","den"]]`);
      await rest();
      wire.send(frame);
      await assertLeft(watcher, id, reason, ["den"]);
      await wire.closed();
    }, ["websocket"]);
  }

  test("transport error: a second GET while one hangs", async () => {
    const world = app.world();
    const watcher = await world.watch();
    const poller = await Poller.open(world.worker.url, `/w/${world.name}/socket.io/`);
    await poller.send("40");
    const { sid } = JSON.parse((await poller.take()).slice(2));
    const hanging = poller.get();
    await poller.get();
    await hanging;
    await assertLeft(watcher, sid, "transport error");
    await world.rest();
  });
});

describe("a silent client", () => {
  for (const asleep of [false, true]) {
    test(`ping timeout, ${asleep ? "hibernated" : "awake"}`, async () => {
      const world = quick.world("websocket", asleep);
      const watcher = await world.watch();
      const wire = await openWebSocket(world.worker.url, `/w/${world.name}/socket.io/`, { pong: false });
      const id = await connectNamespace(wire);
      await world.rest();
      await assertLeft(watcher, id, "ping timeout");
      await wire.closed();
      assert.deepEqual(watcher.reasons, []);
    });
  }

  test("ping timeout of a client that polls", async () => {
    const world = quick.world();
    const watcher = await world.watch();
    const poller = await Poller.open(world.worker.url, `/w/${world.name}/socket.io/`);
    await poller.send("40");
    const { sid } = JSON.parse((await poller.take()).slice(2));
    await assertLeft(watcher, sid, "ping timeout");
  });
});

describe("a client that does not read", () => {
  const CHUNK = "x".repeat(100_000);

  for (const asleep of [false, true]) {
    test(`misses volatile events, and is not closed, ${asleep ? "hibernated" : "awake"}`, async () => {
      const world = app.world("websocket", asleep);
      const sender = await world.join();
      const slow = await openWebSocket(world.worker.url, `/w/${world.name}/socket.io/`);
      const id = await connectNamespace(slow);
      await world.rest();
      slow.ws.pause();
      const count = 150; // 15 MB: far more than the kernel takes
      for (let n = 0; n < count; n++) await ask(sender, "volatile", id, CHUNK);
      sender.emit("to", [id], "not volatile");
      await ask(sender, "echo");
      slow.ws.resume();
      await until(() => slow.received.rest.at(-1) === '42["said","not volatile"]', "what is not volatile");
      const got = slow.received.rest.length - 1;
      assert.ok(got > 0 && got < count, `it got ${got} of ${count}`);
      assert.equal(slow.ws.readyState, slow.ws.OPEN);
      await world.rest();
      await ask(sender, "volatile", id, "ready again");
      await until(() => slow.received.rest.at(-1) === '42["volatile","ready again"]', "the next one");
      await slow.close();
    });
  }
});
