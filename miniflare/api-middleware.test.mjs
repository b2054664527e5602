// Middleware, and handlers of more than one event: guards of a namespace, dynamic namespaces, packet middleware, `once`,
// `on_any` and similar.

import assert from "node:assert/strict";
import { describe } from "node:test";
import { ask, heard } from "./clients.mjs";
import { openWebSocket } from "./engine.mjs";
import { connectNamespace } from "./packets.mjs";
import { failed, heardOf, rows } from "./rows.mjs";
import { until } from "./waiting.mjs";

const app = rows();
const { row } = app;

const auth = (token, name = "Bob") => ({ auth: { token, name } });

/** Waits until refused clients have closed their connections: until then, one that polls keeps the world awake. */
const areGone = (client, left) => until(async () => (await ask(client, "sockets", null))[0].clients === left, "the refused to be gone");

/** Returns the error that a refused client gets. */
const refusal = (joining) => joining.then(() => assert.fail("it was let in"), ({ message, data }) => ({ message, data }));

describe("guards", () => {
  for (const namespace of ["/guarded", "/slowly"]) {
    row(`${namespace} refuses with a message and data`, async ({ join, rest }) => {
      const first = await join("/");
      await rest();
      const wrong = await refusal(join(namespace, auth("wrong")));
      assert.deepEqual(wrong, { message: "not allowed", data: { code: 7, token: "wrong" } });
      await areGone(first, 1);
      await rest();
      // The second guard is called only after the first has passed; an error without data sends its code as the data.
      assert.deepEqual(await refusal(join(namespace, auth("wrong", "Ann"))), wrong);
      await areGone(first, 1);
      await rest();
      assert.deepEqual(await refusal(join(namespace, auth("secret", "Ann"))), { message: "Ann is not welcome", data: { code: "NOT_WELCOME" } });
      const { message } = await refusal(join(namespace));
      assert.match(message, /^auth: missing field/);
      assert.deepEqual(await ask(first, "echo", 1), [1]);
    });

    row(`${namespace} accepts, and prepares the socket`, async ({ join, rest }) => {
      const first = await join("/");
      await rest();
      const client = await join(namespace, auth("secret"));
      // A guard's events reach the client before those of on_connect.
      assert.deepEqual(await heard(client, 2), [["from the guard", "Bob"], ["connected"]]);
      await rest();
      assert.deepEqual(await ask(client, "who am I"), [{ name: "Bob" }, [client.id, "let in"]]);
      assert.deepEqual(await ask(first, "echo", 1), [1]);
    });
  }

  row("are called for each namespace of a connection separately", async ({ name, worker, rest }) => {
    const wire = await openWebSocket(worker.url, `/w/${name}/socket.io/`);
    await connectNamespace(wire);
    await rest();
    wire.send('40/slowly,{"token":"wrong","name":"Bob"}', '421["echo","meanwhile"]');
    await wire.expect('431["meanwhile"]', '44/slowly,{"message":"not allowed","data":{"code":7,"token":"wrong"}}');
    await rest();
    wire.send('40/slowly,{"token":"secret","name":"Bob"}');
    // As with Socket.IO's own server, a guard's event is sent before the CONNECT is answered; clients buffer it.
    await wire.expect('42/slowly,["from the guard","Bob"]');
    assert.match(await wire.take("the answer to CONNECT"), /^40\/slowly,\{"sid":/);
    await wire.expect('42/slowly,["connected"]');
    wire.send('421["echo","still here"]');
    await wire.expect('431["still here"]');
    await wire.close();
  }, ["websocket"]);

  row("may still wait when the client leaves", async ({ name, worker, join, rest }) => {
    const first = await join("/");
    const wire = await openWebSocket(worker.url, `/w/${name}/socket.io/`);
    await rest();
    wire.send('40/slowly,{"token":"secret","name":"Bob"}');
    await wire.close();
    await rest();
    assert.deepEqual(await ask(first, "sockets", null).then(([{ clients }]) => clients), 1);
  }, ["websocket"]);
});

describe("namespaces", () => {
  row("of a template", async ({ join, watch, rest }) => {
    const watcher = await watch();
    await rest();
    const [a, b] = [await join("/dynamic-one"), await join("/by/tree/of/life")];
    assert.deepEqual(await heardOf(watcher, "new namespace", 2), [["/dynamic-one"], ["/by/tree/of/life"]]);
    await rest();
    assert.deepEqual(await ask(a, "params"), ["/dynamic-one", ["one", null, null]]);
    assert.deepEqual(await ask(b, "params"), ["/by/tree/of/life", [null, "tree", "life"]]);
    // A registered name takes precedence over templates, and is not reported as new.
    assert.deepEqual(await ask(await join("/dynamic-0"), "params"), ["/dynamic-0", [null, null, null]]);
    assert.equal(watcher.heard.length, 2);
  });

  row("of a template are separate, and are its children", async ({ join, rest }) => {
    const clients = [];
    for (const n of [1, 2, 2]) clients.push(await join(`/dynamic-${n}`));
    const other = await join("/by/tree/of/life");
    await rest();
    clients[1].emit("everybody", "two");
    for (const client of clients.slice(1)) assert.deepEqual(await heardOf(client, "everybody"), [["two"]]);
    await rest();
    const [children] = await ask(other, "children");
    assert.deepEqual(children.sort(), ["/dynamic-1", "/dynamic-2"]);
    for (const [n, client] of clients.entries()) assert.deepEqual(await heardOf(client, "child"), [[children[Math.min(n, 1)]]]);
    assert.deepEqual(other.heard, []);
    assert.deepEqual(clients[0].heard, [["child", "/dynamic-1"]]);
  });

  row("end with their last socket, and are new again", async ({ join, watch, rest }) => {
    const watcher = await watch();
    const first = await join("/dynamic-again");
    await rest();
    const second = await join("/dynamic-again");
    first.disconnect();
    await until(async () => (await ask(second, "children"))[0].length === 1, "the first to leave");
    second.disconnect();
    const other = await join("/dynamic-other");
    await until(async () => (await ask(other, "children"))[0].length === 1, "the second to leave");
    await rest();
    await join("/dynamic-again");
    const all = ["/dynamic-again", "/dynamic-other", "/dynamic-again"];
    assert.deepEqual(await heardOf(watcher, "new namespace", 3), all.map((name) => [name]));
  });

  row("of a predicate", async ({ join, watch, rest }) => {
    const watcher = await watch();
    await rest();
    const main = await join("/");
    const key = { auth: { key: "open sesame" } };
    const client = await join("/tenants/blue/7", key);
    assert.deepEqual(await heardOf(watcher, "new namespace"), [["/tenants/blue/7"]]);
    for (const [namespace, options] of [["/tenants/blue/7", {}], ["/landlords/1", key], ["/tenants", { auth: { key: "guess" } }]]) {
      await rest();
      assert.equal((await refusal(join(namespace, options))).message, "Invalid namespace");
      await areGone(main, 3);
    }
    assert.deepEqual(await ask(client, "params"), ["/tenants/blue/7", [null, null, null]]);
    await rest();
    client.emit("everybody", 1);
    assert.deepEqual(await heardOf(client, "everybody"), [[1]]);
  });
});

describe("handlers", () => {
  row("once per socket", async ({ join, rest }) => {
    const clients = [await join("/middleware")];
    for (let n = 0; n < 3; n++) {
      await rest();
      const wanted = n === 0 ? "for the first time" : "again";
      assert.deepEqual(await ask(clients[0], "hello"), [wanted]);
    }
    await rest();
    clients.push(await join("/middleware"));
    assert.deepEqual(await ask(clients[1], "hello"), ["for the first time"]);
    await rest();
    for (const client of clients) {
      assert.deepEqual(await ask(client, "hello"), ["again"]);
      assert.deepEqual(await heardOf(client, "hello"), [["for the first time"]]);
    }
  });

  row("of every event, in and out", async ({ join, watch, rest }) => {
    const watcher = await watch();
    const client = await join("/middleware");
    await rest();
    await ask(client, "hello", 1, 2);
    assert.deepEqual(await heard(watcher, 3), [["before any", "hello"], ["any", "hello", 2], ["any outgoing", client.id, "hello", 1]]);
    watcher.heard.length = 0;
    await rest();
    assert.deepEqual(await ask(client, "who knows"), ["fallback: who knows"]);
    assert.deepEqual(await heard(watcher, 2), [["before any", "who knows"], ["any", "who knows", 0]], "an acknowledgement is no event");
  });

  row("that fail, with an acknowledgement to send or without", async ({ join, watch, rest }) => {
    const watcher = await watch();
    const client = await join("/middleware");
    await rest();
    client.emit("number", "seven");
    const message = 'argument 1: invalid type: string "seven", expected u32';
    assert.deepEqual(await heardOf(watcher, "error"), [["number", "INVALID_ARGUMENTS", message]]);
    await rest();
    assert.deepEqual(await ask(client, "number", "seven"), failed("INVALID_ARGUMENTS", message));
    assert.deepEqual(await ask(client, "number", 7), [7]);
    // Handlers of errors hear of what was acknowledged, too.
    await until(() => watcher.heard.filter(([name]) => name === "error").length === 2, "the second error");
  });
});

describe("packet middleware", () => {
  row("keeps an event from its handlers", async ({ join, watch, rest }) => {
    const watcher = await watch();
    const client = await join("/middleware");
    await rest();
    client.emit("forbidden", 1);
    assert.deepEqual(await heardOf(watcher, "error"), [["forbidden", "FORBIDDEN", "this event is forbidden"]]);
    await rest();
    assert.deepEqual(await ask(client, "forbidden"), failed("FORBIDDEN", "this event is forbidden"));
    assert.deepEqual(await ask(client, "number", 7), [7]);
    assert.deepEqual(client.reasons, []);
  });

  row("that waits delays the later events of its socket only", async ({ join, rest }) => {
    const [client, other] = [await join("/middleware"), await join("/middleware")];
    await rest();
    const order = [];
    const all = [
      ask(client, "delayed", 1).then(() => order.push("delayed 1")),
      ask(client, "number", 2).then(() => order.push("number 2")),
      ask(client, "delayed", 3).then(() => order.push("delayed 3")),
      ask(client, "number", 4).then(() => order.push("number 4")),
      ask(other, "number", 5).then(() => order.push("other")),
    ];
    await Promise.all(all);
    assert.deepEqual(order, ["other", "delayed 1", "number 2", "delayed 3", "number 4"]);
    await rest(); // possible, because nothing waits any more
    assert.deepEqual(await ask(client, "number", 6), [6]);
  });
});
