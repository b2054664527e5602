// Handlers that wait for timers and requests of the runtime; named alarms and storage.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, describe, test } from "node:test";
import { ask, heard } from "./clients.mjs";
import { failed, heardOf, rows } from "./rows.mjs";
import { until } from "./waiting.mjs";

const app = rows({ PING_INTERVAL_MS: "10000", PING_TIMEOUT_MS: "5000" });
const { row } = app;

describe("a handler that waits", () => {
  let server;
  let release;
  before(() => {
    server = createServer((_, response) => {
      release = () => response.end("a page");
    });
    return new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  });
  after(() => server?.close());

  row("for a timer continues, and its earlier events were sent before", async ({ join, rest }) => {
    const [client, other] = [await join(), await join()];
    await rest();
    const waited = ask(client, "wait", "a", 250);
    await heard(client, 1);
    assert.deepEqual(client.heard, [["before", "a"]]);
    // Neither other clients nor the client's own next events wait for it.
    assert.deepEqual(await ask(other, "echo", 1), [1]);
    assert.deepEqual(await ask(client, "echo", 2), [2]);
    assert.deepEqual(client.heard, [["before", "a"]]);
    assert.deepEqual(await waited, ["a"]);
    assert.deepEqual(client.heard, [["before", "a"], ["after", "a"], ["at last", "a"]]);
    await rest();
    assert.deepEqual(await ask(client, "wait", "b", 10), ["b"]);
  });

  row("for a request to another server continues", async ({ join, rest }) => {
    const [client, other] = [await join(), await join()];
    const url = `http://127.0.0.1:${server.address().port}/`;
    await rest();
    release = undefined;
    const fetched = ask(client, "fetch", url);
    assert.deepEqual(await heardOf(client, "before"), [[url]]);
    await until(() => release, "the request");
    assert.deepEqual(await ask(other, "echo", 1), [1]);
    release();
    assert.deepEqual(await fetched, ["a page"]);
    assert.deepEqual(await heardOf(client, "after"), [[6]]);
    await rest(); // nothing keeps it awake
    const [{ error }] = await ask(client, "fetch", "no url");
    assert.equal(error.code, "INTERNAL_SERVER_ERROR");
  });

  row("for timers, many at once, independently", async ({ join, rest }) => {
    const clients = [await join(), await join()];
    await rest();
    const all = [];
    for (let n = 0; n < 60; n++) all.push(ask(clients[n % 2], "wait", `${n}`, (n * 7) % 50));
    assert.deepEqual((await Promise.all(all)).flat(), Array.from({ length: 60 }, (_, n) => `${n}`));
    await rest();
    assert.deepEqual(await ask(clients[0], "echo", 1), [1]);
  });

  row("for nothing that the runtime knows of is lost with the world's memory", async ({ join, rest }) => {
    const client = await join();
    await rest();
    let answered = false;
    client.emit("wait for ever", () => (answered = true));
    assert.deepEqual(await heardOf(client, "before"), [["for ever"]]);
    await rest();
    assert.deepEqual(await ask(client, "echo", 1), [1]);
    assert.equal(answered, false);
  });

  row("and then panics fails its event; what it did before is kept", async ({ join, rest }) => {
    const [client, other] = [await join(), await join()];
    await rest();
    const [{ status, error }] = await ask(client, "panic late", 50);
    assert.deepEqual([status, error.code, error.reference.length], ["error", "INTERNAL_SERVER_ERROR", 12]);
    assert.deepEqual(client.heard, [["before", "the panic"], ["after", "the wait"]]);
    await rest();
    assert.deepEqual(await ask(client, "rooms"), [[client.id, "joined before the panic"]]);
    assert.deepEqual(await ask(other, "echo", 1), [1]);
    assert.deepEqual([...client.reasons, ...other.reasons], []);
  });

  row("and whose client leaves runs to its end", async ({ join, rest }) => {
    const [client, other] = [await join(), await join()];
    await rest();
    client.emit("wait", "a", 150);
    await heard(client, 1);
    client.disconnect();
    assert.deepEqual(await ask(other, "wait", "b", 200), ["b"]);
    await rest();
    assert.deepEqual(await ask(other, "echo", 1), [1]);
  });

  test("keeps the world awake only until it ends", async () => {
    const world = app.world();
    const client = await world.join();
    const waited = ask(client, "wait", "a", 400);
    await heard(client, 1);
    await world.rest(); // waits for the timers
    assert.deepEqual(await waited, ["a"]);
    assert.equal(world.boots(), 1);
    assert.deepEqual(await ask(client, "echo", 1), [1]);
    assert.equal(world.boots(), 2);
  });
});

describe("named alarms", () => {
  row("fire once, in an awake and in a hibernated world", async ({ join, watch, rest }) => {
    const watcher = await watch();
    const client = await join();
    await rest();
    assert.deepEqual(await ask(client, "set alarm", "bell", 700, { for: "whom" }), ["set"]);
    await rest();
    assert.deepEqual(await heardOf(watcher, "rang"), [["bell", { for: "whom" }]]);
    await rest();
    assert.deepEqual(await ask(client, "get", "rang"), [["bell", { for: "whom" }]]);
    assert.deepEqual(await ask(client, "alarm", "bell"), [null]);
    assert.equal(watcher.heard.length, 1);
  });

  row("are replaced and cleared", async ({ join, watch, rest }) => {
    const watcher = await watch();
    const client = await join();
    // An alarm that must not fire is due long after the end of this test, even on a slow machine.
    await ask(client, "set alarm", "bell", 60_000, "first");
    await rest();
    assert.deepEqual(await ask(client, "alarm", "bell"), [true]);
    await ask(client, "set alarm", "bell", 900, "second");
    await ask(client, "set alarm", "gong", 60_000, "never");
    await rest();
    assert.deepEqual(await ask(client, "clear alarm", "gong"), ["cleared"]);
    await rest();
    assert.deepEqual(await heardOf(watcher, "rang"), [["bell", "second"]]);
    assert.deepEqual(await ask(client, "alarm", "gong"), [null]);
    assert.equal(watcher.heard.length, 1);
  });

  row("fire although every client has left", async ({ join, rest }) => {
    const client = await join();
    await ask(client, "set alarm", "gong", 500, 1);
    client.disconnect();
    await rest();
    const next = await join();
    await until(async () => (await ask(next, "get", "rang"))[0], "the alarm");
    assert.deepEqual(await ask(next, "get", "rang"), [["gong", 1]]);
  });

  row("without a handler are refused", async ({ join, rest }) => {
    const client = await join();
    await rest();
    const wanted = failed("INVALID_ALARM", 'the app has no `on_alarm` called "whistle"');
    assert.deepEqual(await ask(client, "set alarm", "whistle", 1, 1), wanted);
  });
});

describe("storage", () => {
  row("keeps values by key", async ({ join, rest }) => {
    const client = await join();
    await rest();
    assert.deepEqual(await ask(client, "get", "a"), [null]);
    assert.deepEqual(await ask(client, "put", "a", { text: "né ☃" }), ["put"]);
    await ask(client, "put", "b/1", 1);
    await ask(client, "put", "b/%", 2);
    await rest();
    assert.deepEqual(await ask(client, "get", "a"), [{ text: "né ☃" }]);
    assert.deepEqual(await ask(client, "keys", "b/"), [["b/%", "b/1"]]);
    assert.deepEqual(await ask(client, "keys", "b/%"), [["b/%"]]);
    await ask(client, "put", "a", [2]);
    await ask(client, "delete", "b/1");
    await rest();
    assert.deepEqual(await ask(client, "keys", ""), [["a", "b/%"]]);
    assert.deepEqual(await ask(client, "get", "a"), [[2]]);
    assert.deepEqual(await ask(client, "get", "b/1"), [null]);
  });

  row("outlives the last client", async ({ join, rest }) => {
    const first = await join();
    await ask(first, "put", "a", 1);
    first.disconnect();
    await until(() => !first.io.engine || first.io.engine.readyState === "closed", "its connection to end");
    await rest();
    assert.deepEqual(await ask(await join(), "get", "a"), [1]);
  });

  row("refuses keys that are too long, and stores long values", async ({ join, rest }) => {
    const client = await join();
    await rest();
    const [{ error }] = await ask(client, "put", "k".repeat(2049), 1);
    assert.deepEqual(error, { code: "STORAGE_TOO_LONG", message: "the key has 2049 bytes, and may have 2048" });
    await rest();
    assert.deepEqual(await ask(client, "put", "k".repeat(2048), "v".repeat(900_000)), ["put"]);
    await rest();
    assert.equal((await ask(client, "get", "k".repeat(2048)))[0].length, 900_000);
  });
});
