// Rooms, the sockets in them, and their data, handshake and connection.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ask, upgraded } from "./clients.mjs";
import { heardOf, rows, websocket } from "./rows.mjs";
import { until } from "./waiting.mjs";

const app = rows();
const { row } = app;

/** Returns the texts of all `said` events of each client. Everything that was sent to them before this call is included. */
async function said(...clients) {
  for (const client of clients) await ask(client, "echo");
  return clients.map((client) => client.heard.filter(([name]) => name === "said").map(([, text]) => text));
}

describe("rooms", () => {
  row("are joined and left", async ({ join, rest }) => {
    const client = await join();
    const { id } = client;
    assert.deepEqual(await ask(client, "join", ["den", "nest"]), [[id, "den", "nest"]]);
    await rest();
    assert.deepEqual(await ask(client, "rooms"), [[id, "den", "nest"]]);
    await rest();
    assert.deepEqual(await ask(client, "leave", ["den", "lair"]), [[id, "nest"]]);
    await rest();
    assert.deepEqual(await ask(client, "rooms"), [[id, "nest"]]);
    assert.deepEqual(await ask(client, "leave", [id]), [[id, "nest"]], "a socket cannot leave the room of its own id");
  });

  row("select the recipients of an event", async ({ join, rest }) => {
    const [a, b, c] = [await join(), await join(), await join()];
    await ask(a, "join", ["den", "nest"]);
    await ask(b, "join", ["den"]);
    await ask(c, "join", ["nest"]);
    await rest();
    a.emit("to", ["den"], 1);
    a.emit("to", ["den", "nest"], 2);
    await ask(a, "echo");
    await rest();
    c.emit("except", ["den", "nest"], ["den"], 3);
    c.emit("except", [], ["nest"], 4);
    c.emit("to", [a.id], 5);
    await ask(c, "echo");
    await rest();
    b.emit("everybody", 6);
    b.emit("everybody else", 7);
    await ask(b, "echo");
    assert.deepEqual(await said(a, b, c), [[5, 6, 7], [1, 2, 4, 6], [2, 3, 6, 7]]);
  });

  row("flags without an effect are accepted", async ({ join, rest }) => {
    const [a, b] = [await join(), await join()];
    await rest();
    a.emit("flags");
    await ask(a, "echo");
    assert.deepEqual(await said(a, b), [["socket", "io", "local io"], ["io", "local io", "local socket"]]);
  });

  row("volatile events reach clients that are ready", async ({ join, watch, rest }) => {
    const [a, b] = [await join("/", websocket), await join("/", websocket)];
    await rest();
    await ask(a, "volatile", b.id, "for you");
    assert.deepEqual(await heardOf(b, "volatile"), [["for you"]]);
    await watch();
    await rest();
    await ask(a, "volatile", a.id, "for me");
    assert.deepEqual(await heardOf(a, "volatile"), [["for me"]]);
    assert.deepEqual(await heardOf(b, "volatile", 2), [["for you"], ["for the others"]]);
  }, ["websocket"]);
});

describe("sockets", () => {
  row("are found, with their rooms, data and URL", async ({ join, rest, name }) => {
    const [a, b] = [await join(), await join()];
    const ids = [a.id, b.id].sort();
    await ask(a, "join", ["den"]);
    assert.deepEqual(await ask(a, "set data", { name: "Ann" }), ["set"]);
    await rest();
    const [all] = await ask(b, "sockets", null);
    assert.deepEqual([all.ids.sort(), all.count, all.clients, all.sockets.length], [ids, 2, 2, 2]);
    const [{ sockets }] = await ask(b, "sockets", "den");
    assert.equal(sockets.length, 1);
    const [{ url, ...known }] = sockets;
    assert.deepEqual(known, { id: a.id, rooms: [a.id, "den"], data: { name: "Ann" } });
    assert.ok(url.startsWith(`/w/${name}/socket.io/?EIO=4&transport=`), url);
  });

  row("keep their data", async ({ join, rest }) => {
    const [a, b] = [await join(), await join()];
    assert.deepEqual(await ask(a, "data"), [null]);
    await ask(a, "set data", { n: 1, list: ["né ☃"] });
    await rest();
    assert.deepEqual(await ask(a, "data"), [{ n: 1, list: ["né ☃"] }]);
    await ask(a, "set data", "x".repeat(60_000)); // more than fits into the WebSocket's attachment
    await rest();
    assert.deepEqual(await ask(a, "data"), ["x".repeat(60_000)]);
    const [{ error }] = await ask(a, "set data", "x".repeat(66_000));
    assert.equal(error.code, "DATA_TOO_LONG");
    await rest();
    assert.equal((await ask(a, "data"))[0].length, 60_000);
    assert.deepEqual(await ask(b, "data"), [null]);
  });

  row("are put into rooms and taken out of them", async ({ join, rest }) => {
    const [a, b, c] = [await join(), await join(), await join()];
    for (const client of [a, b]) await ask(client, "join", ["den"]);
    await rest();
    assert.deepEqual((await ask(c, "sockets join", "den", ["nest", "lair"]))[0].sort(), [a.id, b.id].sort());
    await rest();
    assert.deepEqual(await ask(b, "rooms"), [[b.id, "den", "lair", "nest"]]);
    assert.deepEqual(await ask(c, "sockets leave", b.id, ["nest", "den"]), [[a.id]]);
    await rest();
    assert.deepEqual(await ask(b, "rooms"), [[b.id, "lair"]]);
    assert.deepEqual(await ask(c, "rooms"), [[c.id]]);
  });

  row("are disconnected, by rooms", async ({ join, rest }) => {
    const [a, b, c] = [await join(), await join(), await join()];
    for (const client of [a, b]) await ask(client, "join", [`den ${client === a}`]);
    await rest();
    c.emit("disconnect sockets", "den true", false);
    await until(() => a.reasons.length, "a to be disconnected");
    assert.deepEqual(a.reasons, ["io server disconnect"]);
    await rest();
    c.emit("disconnect sockets", "den false", true);
    await until(() => b.reasons.length, "b to be disconnected");
    assert.deepEqual(b.reasons, ["io server disconnect"]);
    await rest();
    const [all] = await ask(c, "sockets", null);
    assert.deepEqual(all.ids, [c.id]);
  });
});

describe("the handshake", () => {
  for (const [kind, transport] of [["default", "polling"], ["websocket", "websocket"], ["polling", "polling"]]) {
    row(`is the first request's: ${transport}`, async ({ join, rest, name, worker }) => {
      const options = { auth: { token: "t" }, query: { a: "1 & 2", "b[]": "é" }, extraHeaders: { "x-one": "1", "User-Agent": "tests", cookie: "a=b", authorization: "c", "x-two": "2" } };
      const client = await join("/", options);
      const [first] = await ask(client, "handshake");
      await rest();
      const [{ headers, query, auth, url, secure, xdomain, issued, time }] = await ask(client, "handshake");
      assert.deepEqual([headers["x-one"], headers["user-agent"], headers.host], ["1", "tests", new URL(worker.url).host]);
      assert.deepEqual(["cookie", "authorization", "x-two"].filter((name) => name in headers), [], "secrets are not kept, nor what the app does not ask for");
      assert.deepEqual([query.a, query["b[]"], query.EIO, query.transport, query.sid], ["1 & 2", "é", "4", transport, undefined]);
      assert.deepEqual(auth, { token: "t" });
      assert.ok(url.startsWith(`/w/${name}/socket.io/?`), url);
      assert.deepEqual([secure, xdomain], [false, false]);
      assert.match(time, /^\w{3} \w{3} \d\d \d{4} \d\d:\d\d:\d\d GMT\+0000 \(Coordinated Universal Time\)$/);
      assert.equal(Math.floor(issued / 1000) * 1000, Date.parse(time));
      assert.deepEqual([issued, url], [first.issued, first.url]);
    }, [kind]);
  }

  row("has the page's origin, and the address from the platform", async ({ join, rest }) => {
    const client = await join("/", { extraHeaders: { origin: "https://a.example", "cf-connecting-ip": "192.0.2.7" } });
    await rest();
    const [{ xdomain, address, headers }] = await ask(client, "handshake");
    assert.deepEqual([xdomain, headers.origin, address], [true, "https://a.example", headers["cf-connecting-ip"]]);
    assert.ok(address.length > 0);
  });

  row("has the auth object of each namespace", async ({ join, rest }) => {
    const client = await join("/", { auth: (give) => give({ token: "main" }) });
    await rest();
    const [{ auth }] = await ask(client, "handshake");
    assert.deepEqual(auth, { token: "main" });
  });

  row("without auth", async ({ join, rest }) => {
    const client = await join();
    await rest();
    const [{ auth }] = await ask(client, "handshake");
    assert.deepEqual(auth, {});
  });
});

describe("the connection", () => {
  for (const [kind, transport, isUpgraded] of [["default", "websocket", true], ["websocket", "websocket", false], ["polling", "polling", false]]) {
    row(`is known to handlers: ${kind}`, async ({ join, rest }) => {
      const client = await join();
      await rest();
      const wanted = { id: client.io.engine.id, transport, upgraded: isUpgraded, protocol: 4 };
      assert.deepEqual(await ask(client, "conn"), [wanted]);
      assert.notEqual(client.id, wanted.id);
    }, [kind]);
  }

  test("before and after the upgrade", async () => {
    const world = app.world("polling");
    const client = await world.join("/", { transports: ["polling", "websocket"] });
    await upgraded(client);
    await world.rest();
    const [{ transport, upgraded: did }] = await ask(client, "conn");
    assert.deepEqual([transport, did], ["websocket", true]);
  });
});
