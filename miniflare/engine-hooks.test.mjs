// The hooks of connections in the real runtime: miniflare/apps/hooks has one of every kind, and the query selects what they do.

import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { Clients, ask, upgraded } from "./clients.mjs";
import { Poller, address, assertRefused, openWebSocket, refusedWebSocket, request } from "./engine.mjs";
import { until } from "./waiting.mjs";
import { startWorker } from "./world.mjs";

let worker;
let clients;
before(async () => {
  worker = await startWorker({ example: "hooks", vars: { ALLOWED_ORIGINS: "https://page.example" } });
  clients = new Clients(worker.url);
});
afterEach(() => clients.closeAll());
after(() => worker?.dispose());

const polling = { transport: "polling" };
const websocket = { transport: "websocket" };
const pathOf = (world) => `/w/${world}/realtime/`;
let count = 0;
/** Returns a query that opens a session by polling, with an id that was not used before. */
const fresh = () => ({ ...polling, id: `session-${++count}` });
const at = (world, query) => address(worker.url, pathOf(world), query);
/** Returns a world's refusals, as on_connection_error reported them. */
const refusals = (world) =>
  worker.logs.filter((line) => line.startsWith("refused ")).map((line) => JSON.parse(line.slice(8))).filter((told) => told[3] === world);
const logged = (line) => until(() => worker.logs.some((one) => one.includes(line)), () => `${line} in the log:\n${worker.logs.join("\n")}`);

test("the app's path replaces the default path", async () => {
  await Poller.open(worker.url, pathOf("path"), { query: { id: `session-${++count}` } });
  await Poller.open(worker.url, "/realtime/", { query: { id: `session-${++count}` } });
  for (const path of ["/socket.io/", "/w/path/socket.io/", "/w/path/realtime", "/w/a/b/realtime/"]) {
    assert.equal((await request(address(worker.url, path, polling))).status, 404, path);
  }
});

test("the real client connects, upgrades and gets an ack after hibernation", async () => {
  const world = "client";
  const socket = await clients.join(world, { path: pathOf(world), query: { id: "the-client" } });
  await upgraded(socket);
  await logged("upgraded to websocket");
  await until(() => worker.evict(world), "the world to sleep");
  assert.deepEqual(await ask(socket, "say", 1), [1]);
  await logged("packet message");
  await logged("created message");
  await until(() => worker.evict(world), "the world to sleep again");
  socket.close();
  await logged("closed: transport close");
});

describe("allow_request", () => {
  test("a denial is a 403 by polling and a 400 on a WebSocket, and wakes no world", async () => {
    const deny = "no entrance";
    const polled = await request(at("denied", { ...fresh(), deny }));
    assertRefused(polled, 4, 403);
    assert.equal(JSON.parse(polled.body).message, deny);
    const refused = await refusedWebSocket(at("denied", { ...websocket, deny }));
    assert.deepEqual([refused.status, refused.body], [400, deny]);
    assert.equal(worker.boots("denied"), 0);
    const told = [4, "Forbidden", { message: deny }, "denied"];
    await until(() => refusals("denied").length === 2, "two refusals");
    assert.deepEqual(refusals("denied"), [told, told]);
  });

  test("it is called only before a session is opened", async () => {
    const poller = await Poller.open(worker.url, pathOf("once"), { query: fresh() });
    poller.query = { deny: "too late" };
    await poller.send("40");
    assert.match(await poller.take(), /^40\{/);
    await (await poller.upgrade()).close();
  });

  test("pages of another origin can read the denial", async () => {
    const origin = "https://page.example";
    const { headers } = await request(at("denied", { ...fresh(), deny: "no" }), { headers: { origin } });
    assert.equal(headers.get("access-control-allow-origin"), origin);
  });
});

describe("a guard", () => {
  test("may answer every request with its own response", async () => {
    const poller = await Poller.open(worker.url, pathOf("guarded"), { query: fresh() });
    const answers = [
      await request(at("guarded", { ...fresh(), guard: "answer" })),
      await request(poller.url("polling", { guard: "answer" })),
      await request(poller.url("polling", { guard: "answer" }), { method: "POST", body: "40" }),
      await refusedWebSocket(poller.url("websocket", { guard: "answer" })),
    ];
    for (const { status, body, headers } of answers) {
      assert.deepEqual([status, body, headers.get("x-guard")], [418, "short and stout", "yes"]);
    }
    assert.deepEqual(refusals("guarded"), []);
    await poller.send("40");
  });

  test("that fails refuses the request as a bad request", async () => {
    assertRefused(await request(at("failing", { ...fresh(), guard: "fail" })), 3);
    assertRefused(await refusedWebSocket(at("failing", { ...websocket, guard: "fail" })), 3);
    assert.equal(worker.boots("failing"), 0);
    await until(() => refusals("failing").length === 2, "two refusals");
    assert.deepEqual(refusals("failing")[0], [3, "Bad request", { name: "MIDDLEWARE_FAILURE" }, "failing"]);
  });
});

describe("headers", () => {
  const initial = ["x-initial", "x-note", "x-each"];
  const pick = (headers) => initial.map((name) => headers.get(name));

  test("are set on every response of a session, and more on the first", async () => {
    const opened = await request(at("headers", { ...fresh(), id: "the-session" }));
    assert.equal(opened.status, 200);
    assert.deepEqual(pick(opened.headers), ["headers", "allowed", "GET"]);
    assert.match(opened.headers.get("content-type"), /^text\/plain/);
    const poller = new Poller(worker.url, pathOf("headers"));
    poller.handshake = JSON.parse(opened.body.slice(1));
    assert.equal(poller.sid, "the-session");
    const posted = await poller.post("40");
    assert.deepEqual([posted.status, ...pick(posted.headers)], [200, null, null, "POST"]);
    assert.deepEqual(pick((await poller.get()).headers), [null, null, "GET"]);
    const wire = await poller.upgrade();
    assert.deepEqual(pick(wire.headers), [null, null, "GET"]);
    await wire.close();
    const second = await openWebSocket(worker.url, pathOf("headers"));
    assert.deepEqual(pick(second.headers), ["headers", "allowed", "GET"]);
    await second.close();
  });

  test("that HTTP does not allow are left out and logged", async () => {
    const { status, headers } = await request(at("wrong", fresh()));
    assert.equal(status, 200);
    assert.deepEqual([headers.get("x-not-a-value"), headers.get("x-smuggled")], [null, null]);
    await logged("not a name is left out");
    await logged("x-not-a-value is left out");
  });

  test("are not set on a refusal", async () => {
    assert.deepEqual(pick((await request(at("headers", { ...polling, sid: "nobody" }))).headers), [null, null, null]);
  });

  test("the cookie has the session's id, by polling only", async () => {
    const opened = await request(at("cookie", { ...polling, id: "cookie-session" }));
    const [session, ...others] = opened.headers.getSetCookie();
    const [pair, ...attributes] = session.split("; ");
    assert.equal(pair, "session=cookie-session");
    assert.deepEqual(attributes.sort(), ["HttpOnly", "Path=/", "SameSite=Lax", "Secure"]);
    assert.deepEqual(others, ["first=1", "second=2"]);
    const polled = await request(at("cookie", { ...polling, sid: "cookie-session" }), { method: "POST", body: "40" });
    assert.deepEqual(polled.headers.getSetCookie(), []);
    const wire = await openWebSocket(worker.url, pathOf("cookie"));
    assert.deepEqual(wire.headers.getSetCookie(), ["first=1", "second=2"]);
    await wire.close();
  });
});

describe("connection_error", () => {
  test("reports refusals of the Worker and of the world, awake and hibernated", async () => {
    const world = "errors";
    const wire = await openWebSocket(worker.url, pathOf(world), { query: { id: "on-a-websocket" } });
    wire.send("40");
    await wire.take("the answer to CONNECT");
    const tell = async (promise, code, context) => {
      const before = refusals(world).length;
      assert.equal((await promise).status, 400);
      await until(() => refusals(world).length > before, "a refusal");
      assert.deepEqual(refusals(world).slice(before).map(([number, , more]) => [number, more]), [[code, context]]);
    };
    await tell(request(at(world, { transport: "abc" })), 0, { transport: "abc" });
    await tell(request(at(world, fresh()), { method: "PUT" }), 2, { method: "PUT" });
    await tell(request(at(world, { ...fresh(), EIO: 3 })), 5, { protocol: 3 });
    await until(() => worker.evict(world), "the world to sleep");
    await tell(request(at(world, { ...polling, sid: "nobody" })), 1, { sid: "nobody" });
    await tell(refusedWebSocket(at(world, { ...websocket, sid: "nobody" })), 1, { sid: "nobody" });
    await until(() => worker.evict(world), "the world to sleep");
    const mismatch = { name: "TRANSPORT_MISMATCH", transport: "polling", previousTransport: "websocket" };
    await tell(request(at(world, { ...polling, sid: "on-a-websocket" })), 3, mismatch);
    await wire.close();
  });

  test("reports an origin that is not allowed", async () => {
    assertRefused(await request(at("origin", fresh()), { headers: { origin: "https://evil.example" } }), 4, 403);
    await until(() => refusals("origin").length === 1, "a refusal");
    assert.equal(refusals("origin")[0][1], "Forbidden");
  });

  test("a URL or headers that are too long get a 431 from the Worker", async () => {
    const answers = [
      await request(at("long", { ...fresh(), more: "x".repeat(10_000) }), { headers: { "x-more": "x".repeat(10_000) } }),
      await refusedWebSocket(at("long", websocket), { cookie: "x".repeat(16_384) }),
      await refusedWebSocket(at("long", websocket), { referer: "x".repeat(8_192) }),
    ];
    for (const answer of answers) assertRefused(answer, 3, 431);
    assert.equal(worker.boots("long"), 0);
  });
});

test("a session id that is invalid or taken is refused", async () => {
  const world = "ids";
  const wire = await openWebSocket(worker.url, pathOf(world), { query: { id: "taken" } });
  assert.equal(wire.handshake.sid, "taken");
  wire.send("40");
  await wire.take("the answer to CONNECT");
  await until(() => worker.evict(world), "the world to sleep");
  assertRefused(await request(at(world, { ...polling, id: "taken" })), 3);
  assertRefused(await refusedWebSocket(at(world, { ...websocket, id: "taken" })), 3);
  assertRefused(await request(at(world, { ...polling, id: "a.b" })), 3);
  await until(() => refusals(world).length === 3, "three refusals");
  assert.deepEqual(refusals(world).map(([code, , { name }]) => [code, name]), Array(3).fill([3, "ID_GENERATION_ERROR"]));
  await wire.close();
});

test("the CORS headers are those of the app", async () => {
  const origin = "https://page.example";
  const headers = { origin, "access-control-request-method": "POST", "access-control-request-headers": "x-other" };
  const preflight = await request(at("cors", fresh()), { method: "OPTIONS", headers });
  const got = await request(at("cors", fresh()), { headers: { origin } });
  const cors = (answer) => ["origin", "credentials", "headers"].map((name) => answer.headers.get(`access-control-allow-${name}`));
  assert.equal(preflight.status, 204);
  assert.deepEqual(cors(preflight), [origin, null, "x-token"]);
  assert.deepEqual(cors(got), [origin, null, null]);
  assert.equal(got.headers.get("access-control-expose-headers"), "x-each");
});
