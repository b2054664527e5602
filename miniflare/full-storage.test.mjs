// A world whose database is full, and handlers whose writes are undone, in the runtime's own SQLite. A write that met the end of
// the database broke the object, and closed all of its sockets with 1006.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Clients, ask } from "./clients.mjs";
import { openWebSocket } from "./engine.mjs";
import { connectNamespace } from "./packets.mjs";
import { inside } from "./storage-calls.mjs";
import { until } from "./waiting.mjs";
import { startWorker } from "./world.mjs";

const websocket = { transports: ["websocket"] };
const FULL = { code: "INTERNAL_SERVER_ERROR", text: "database or disk is full: SQLITE_FULL" };

let worker;
let clients;
before(async () => {
  const vars = { PING_INTERVAL_MS: "300", PING_TIMEOUT_MS: "2000" };
  worker = await startWorker({ example: "rows", vars, wrapper: "miniflare/fixtures/full-storage.js" });
  clients = new Clients(worker.url);
});
after(async () => {
  clients?.closeAll();
  await worker?.dispose();
});

const errorOf = ([answer]) => answer.error;

/** Returns the code of an error, and what the log says of its reference. */
const toldOf = async ([{ error }]) => {
  const record = () => worker.records.find(({ reference }) => reference === error.reference);
  await until(record, "the line with the reference");
  return { code: error.code, text: record().message.split(": ").slice(1).join(": ") };
};

for (const asleep of [false, true]) {
  const name = asleep ? "hibernated" : "awake";
  const rest = async (world) => asleep && worker.evict(world);

  test(`a database that is full from the start ends no world: ${name}`, async () => {
    const world = `full-${name}`;
    await inside(worker, world, { pages: 4, fill: true });
    await rest(world);
    const wire = await openWebSocket(worker.url, `/w/${world}/socket.io/`);
    await connectNamespace(wire);
    const client = await clients.join(world, websocket);
    assert.deepEqual(await toldOf(await ask(client, "put", "a", 1)), FULL);
    assert.deepEqual(await toldOf(await ask(client, "set alarm", "bell", 1, 1)), FULL);
    assert.deepEqual(await ask(client, "get", "a"), [null]);
    // The alarm cannot be set either. The timer that stands in for it keeps the world awake.
    const { pings } = wire;
    await until(() => wire.pings > pings + 5, "pings");
    assert.equal(worker.logs.filter((line) => line.includes("the alarm could not be set")).length, asleep ? 2 : 1);
    assert.deepEqual(client.reasons, []);

    // There is room again: with one of the next pings, the alarm is set, and the world may sleep.
    await inside(worker, world, { pages: 1000 });
    assert.deepEqual(await ask(client, "put", "a", 1), ["put"]);
    const boots = worker.boots(world);
    await until(() => worker.evict(world).catch(() => false), "no timer to run");
    await until(() => worker.boots(world) > boots, "the alarm to wake the world");
    const before = wire.pings;
    await until(() => wire.pings > before + 2, "pings");
    assert.deepEqual(await ask(client, "get", "a"), [1]);
    assert.deepEqual(client.reasons, []);
    client.disconnect();
    await wire.close();
  });

  test(`a write that meets the end of the database fails alone: ${name}`, async () => {
    const world = `filled-${name}`;
    const client = await clients.join(world, websocket);
    const other = await clients.join(world, websocket);
    assert.deepEqual(await ask(client, "put", "a", "old"), ["put"]);
    assert.deepEqual(await ask(client, "set alarm", "bell", 600_000, "old"), ["set"]);
    await inside(worker, world, { pages: 8, fill: true });
    await rest(world);
    const boots = worker.boots(world);
    assert.deepEqual(await toldOf(await ask(client, "put", "a", "x".repeat(50_000))), FULL);
    assert.deepEqual(await toldOf(await ask(client, "set alarm", "bell", 1, "x".repeat(4000))), FULL);
    assert.deepEqual(await ask(client, "get", "a"), ["old"]);
    assert.deepEqual(await ask(client, "alarm", "bell"), [true]);
    assert.deepEqual(await ask(other, "keys", ""), [["a"]]);
    assert.deepEqual(await ask(client, "delete", "a"), ["deleted"]);
    assert.deepEqual([...client.reasons, ...other.reasons], []);
    assert.ok(worker.boots(world) <= boots + 1, "the object was not broken");
    client.disconnect();
    other.disconnect();
  });

  test(`what a handler wrote before it failed is undone: ${name}`, async () => {
    const world = `undone-${name}`;
    const client = await clients.join(world, websocket);
    await ask(client, "put", "kept", "old");
    for (const waits of [false, true]) {
      for (const [how, code] of [["fails", "WANTED"], ["panics", "INTERNAL_SERVER_ERROR"]]) {
        await rest(world);
        assert.equal(errorOf(await ask(client, "put and end", how, waits)).code, code);
        await rest(world);
        assert.deepEqual(await ask(client, "keys", ""), [["kept"]], `${how}, ${waits}`);
        assert.deepEqual(await ask(client, "get", "kept"), ["old"]);
        assert.deepEqual(await ask(client, "alarm", "gong"), [null]);
      }
    }
    assert.deepEqual(await ask(client, "put and end", "well", true), ["put"]);
    await rest(world);
    assert.deepEqual(await ask(client, "keys", ""), [["added", "kept"]]);
    assert.deepEqual(await ask(client, "alarm", "gong"), [true]);
    client.disconnect();
  });
}

test("the row that had all alarms is split", async () => {
  const world = "old-row";
  const client = await clients.join(world, websocket);
  await ask(client, "set alarm", "bell", 600_000, "newer");
  const at = Date.now() + 600_000;
  const old = ["bell", "gong"].map((name) => ({ name, at, context: "1" }));
  await inside(worker, world, { sql: `INSERT INTO stored SELECT 'alarms', '${JSON.stringify(old)}'` });
  assert.equal(await worker.evict(world), true);
  assert.deepEqual(await ask(client, "alarm", "gong"), [true]);
  const rows = await inside(worker, world, { sql: "SELECT key, text ->> '$.context' AS context FROM stored ORDER BY key" });
  assert.deepEqual(rows, [{ key: "alarm:bell", context: '"newer"' }, { key: "alarm:gong", context: "1" }]);
  client.disconnect();
});

test("those who were lost in a crash are told gone once", async () => {
  const world = "lost";
  const lost = { namespace: "/lost", reconnection: false, ...websocket };
  const guests = await Promise.all(["anna", "ben"].map(() => clients.join(world, lost)));
  const ids = guests.map(({ id }) => id);
  const members = async () => (await inside(worker, world, { sql: "SELECT members FROM roster" }))[0]?.members;
  await until(async () => (await members().catch(() => 0)) === 2, "the roster to be written");
  const told = () => worker.logs.filter((line) => ids.some((id) => line.startsWith(`told out ${id} `))).length;
  await inside(worker, world, { pages: 10, fill: true });
  for (let crash = 1; crash <= 2; crash++) {
    await inside(worker, world, { abort: true });
    await until(() => guests.every((guest) => !guest.connected), "the end of all connections");
    guests.push(await clients.join(world, lost));
    await until(() => told() === 2, () => `2 calls; told: ${told()}`);
  }
  assert.equal(worker.logs.filter((line) => line.includes("crashed too often")).length, 0);
  guests.at(-1).disconnect();
});
