// SQL, transactions, migrations and ranges of `Storage` in the runtime's own SQLite. `tests/sql.rs` runs the same app and the same table
// of cases on the host.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { Clients, ask } from "./clients.mjs";
import { request } from "./engine.mjs";
import { inside } from "./storage-calls.mjs";
import { until } from "./waiting.mjs";
import { startWorker } from "./world.mjs";

const CASES = JSON.parse(readFileSync(new URL("./fixtures/sql-cases.json", import.meta.url), "utf8"));
const websocket = { transports: ["websocket"] };

let worker;
let clients;
before(async () => {
  worker = await startWorker({ example: "sql", wrapper: "miniflare/fixtures/full-storage.js" });
  clients = new Clients(worker.url);
});
after(async () => {
  clients?.closeAll();
  await worker?.dispose();
});

const failed = ([answer]) => answer?.error?.code;

for (const asleep of [false, true]) {
  const name = asleep ? "hibernated" : "awake";
  /** Returns a world's client whose questions come to a world that was put to sleep, or is awake. */
  const join = async (world) => {
    const client = await clients.join(`${world}-${name}`, websocket);
    const asks = async (event, ...args) => {
      if (asleep) await worker.evict(`${world}-${name}`);
      return ask(client, event, ...args);
    };
    return [asks, client, `${world}-${name}`];
  };

  test(`each case is as the table says: ${name}`, async () => {
    const [asks] = await join("table");
    for (const { how = "all", sql, params = [], rows, code, says } of CASES) {
      const told = await asks(how, sql, params);
      if (code === undefined) assert.deepEqual(told, [rows], sql);
      else {
        assert.equal(failed(told), code, `${sql}: ${JSON.stringify(told).slice(0, 500)}`);
        if (says) assert.ok(told[0].error.message.includes(says), `${sql}: ${told[0].error.message}`);
      }
    }
  });

  test(`values of all types are read as they were written: ${name}`, async () => {
    const [asks] = await join("types");
    for (const [any, kind] of [[true, "text"], [false, "null"]]) {
      const types = ["integer", "integer", "real", "text", "blob", kind];
      assert.deepEqual(await asks("kinds", any), [{ same: true, types, hex: ["6122F09F988000C3A9", "00FF", [0, 255]] }]);
    }
  });

  test(`a transaction keeps all or nothing of SQL and keys: ${name}`, async () => {
    const [asks] = await join("transactions");
    for (const [outer, inner, kept] of [
      ["fails", "well", []],
      ["panics", "well", []],
      ["fails", "fails", []],
      ["well", "fails", ["outer", "outer, later"]],
    ]) {
      const told = await asks("transaction", outer, inner);
      if (outer === "panics") assert.equal(failed(told), "INTERNAL_SERVER_ERROR");
      else assert.deepEqual(told, [outer === "well"]);
      assert.deepEqual(await asks("all written"), [[kept, kept.map((who) => `written/${who}`)]], `${outer} ${inner}`);
    }
    await asks("execute", "DELETE FROM purse", []);
    assert.deepEqual(await asks("transaction", "well", "well"), [true]);
    assert.deepEqual((await asks("all written"))[0][0], ["inner", "outer", "outer, later"]);
  });

  test(`what a handler that fails wrote by SQL stays, unlike its keys: ${name}`, async () => {
    for (const how of ["fails", "panics"]) {
      const [asks] = await join(`fails-${how}`);
      assert.equal(failed(await asks("fail", how)), how === "fails" ? "WANTED" : "INTERNAL_SERVER_ERROR");
      assert.deepEqual(await asks("all written"), [[["handler"], []]]);
    }
  });

  test(`what a transaction kept stays whole if the handler fails later: ${name}`, async () => {
    for (const how of ["fails", "panics"]) {
      const [asks] = await join(`keeps-${how}`);
      const code = how === "fails" ? "WANTED" : "INTERNAL_SERVER_ERROR";
      assert.equal(failed(await asks("keep, and end", how)), code);
      assert.deepEqual(await asks("all written"), [[["kept", "later"], ["written/both", "written/kept"]]]);
      assert.deepEqual(await asks("entries", { prefix: "written/" }), [[["written/both", 2], ["written/kept", 1]]]);
      assert.equal(failed(await asks("delete all, and end", how)), code);
      assert.deepEqual(await asks("all written"), [[["after"], []]]);
      assert.deepEqual(await asks("entries", { prefix: "" }), [[["migrated", true]]]);
    }
  });

  test(`ranges are in order and limited: ${name}`, async () => {
    const [asks] = await join("ranges");
    for (const key of ["a/1", "a/2", "a/3", "a/é", "a", "b", "a0"]) await asks("put", key, key.toUpperCase());
    for (const [range, ...keys] of [
      [{ prefix: "a/" }, "a/1", "a/2", "a/3", "a/é"],
      [{ prefix: "a/", limit: 2 }, "a/1", "a/2"],
      [{ prefix: "a/", limit: 2, after: "a/2" }, "a/3", "a/é"],
      [{ prefix: "a/", limit: 0 }],
      [{ prefix: "a/", reverse: true, limit: 2 }, "a/é", "a/3"],
      [{ prefix: "a/", reverse: true, after: "a/2" }, "a/1"],
      [{ prefix: "a/", after: "0" }, "a/1", "a/2", "a/3", "a/é"],
      [{ prefix: "a/", after: "z" }],
      [{ prefix: "" }, "a", "a/1", "a/2", "a/3", "a/é", "a0", "b", "migrated"],
    ]) {
      const values = keys.map((key) => [key, key === "migrated" ? true : key.toUpperCase()]);
      assert.deepEqual(await asks("entries", range), [values], JSON.stringify(range));
    }
  });

  test(`delete_all leaves a new storage, the alarms and what Dormouse stores: ${name}`, async () => {
    const [asks, client, world] = await join("deleted");
    await asks("transaction", "well", "well");
    for (const sql of [
      "CREATE VIRTUAL TABLE page USING fts5(body)",
      "CREATE VIEW names AS SELECT name FROM purse",
      "CREATE TRIGGER t AFTER INSERT ON purse BEGIN DELETE FROM kinds; END",
      "CREATE TABLE parent (id INTEGER PRIMARY KEY)",
      'CREATE TABLE "a child" (id REFERENCES parent (id))',
      "INSERT INTO parent VALUES (1); INSERT INTO \"a child\" VALUES (1)",
    ]) {
      assert.equal(failed(await asks("execute", sql, [])), undefined, sql);
    }
    await asks("set alarm");
    await asks("put", "long", "x".repeat(50_000));
    const [before] = await asks("all written");
    const [size] = await asks("size");
    assert.equal(failed(await asks("delete all", "fails")), "WANTED");
    assert.deepEqual(await asks("all written"), [before]);
    assert.equal(failed(await asks("delete all", "well")), undefined);
    assert.deepEqual(await asks("all written"), [[[], []]]);
    const tables = await inside(worker, world, { sql: "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT GLOB '_cf_*' ORDER BY name" });
    assert.deepEqual(tables.map((row) => row.name).filter((table) => table !== "roster"), ["kinds", "purse", "stored"]);
    assert.deepEqual(await asks("entries", { prefix: "" }), [[["migrated", true]]]);
    assert.deepEqual(await asks("has alarm"), [true]);
    assert.ok((await asks("size"))[0] < size);
    assert.deepEqual(client.reasons, []);
  });

  test(`a full database refuses what needs room, and can be read and emptied: ${name}`, async () => {
    const [asks, client, world] = await join("full");
    await asks("transaction", "well", "well");
    await inside(worker, world, { pages: 16, fill: true });
    const boots = worker.boots(world);
    const insert = "INSERT INTO purse (name, coins, note) SELECT ?, 1, ?";
    assert.equal(failed(await asks("execute", insert, ["new", "x".repeat(50_000)])), "FULL");
    assert.deepEqual((await asks("all written"))[0][0], ["inner", "outer", "outer, later"]);
    assert.deepEqual(await asks("execute", "DELETE FROM purse WHERE name = ?", ["inner"]), [1]);
    assert.deepEqual((await asks("all written"))[0][0], ["outer", "outer, later"]);
    assert.deepEqual(client.reasons, []);
    if (!asleep) assert.equal(worker.boots(world), boots, "the object was not broken");
  });

  test(`an INSERT of VALUES that finds no room resets the object, as the documentation says: ${name}`, async () => {
    const [asks, client, world] = await join("values");
    await asks("transaction", "well", "well");
    await inside(worker, world, { pages: 16, fill: true });
    if (asleep) await worker.evict(world);
    client.emit("execute", "INSERT INTO purse (name, coins, note) VALUES (?, 1, ?)", ["new", "x".repeat(50_000)]);
    await until(() => client.reasons.length > 0, "the end of the connection");
    await inside(worker, world, { pages: 1000 });
    const [again] = await join("values");
    assert.deepEqual((await again("all written"))[0][0], ["inner", "outer", "outer, later"]);
  });
}

test("a migration that fails leaves the database as it was, and is tried again at the next wake", async () => {
  const world = "no-room";
  await inside(worker, world, { pages: 4, fill: true });
  await assert.rejects(clients.join(world, websocket), { message: "The world's database cannot be used now", data: { code: "MIGRATION" } });
  const { status, body } = await request(`${worker.url}/w/${world}/purses`);
  assert.deepEqual([status, JSON.parse(body).error.code], [503, "MIGRATION"]);
  const lines = worker.records.filter((record) => record.world === world && record.code === "MIGRATION");
  assert.deepEqual(lines.map(({ level }) => level), ["error"]);
  assert.match(lines[0].message, /the migration 1 has failed and is undone: .*SQLITE_FULL/);
  const names = "SELECT name FROM sqlite_schema WHERE name IN ('purse', 'kinds')";
  assert.deepEqual(await inside(worker, world, { sql: names }), []);
  await inside(worker, world, { pages: 1000 });
  await worker.evict(world);
  const again = await request(`${worker.url}/w/${world}/purses`);
  assert.deepEqual([again.status, again.body], [200, "0"]);
  assert.equal((await inside(worker, world, { sql: names })).length, 2);
});
