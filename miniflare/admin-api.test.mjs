// HTTP requests to a world besides Socket.IO: the app's routes and the admin HTTP API, in worlds that are awake and in
// hibernated ones.

import assert from "node:assert/strict";
import http from "node:http";
import { after, afterEach, before, describe, test } from "node:test";
import { Clients, heard, upgraded } from "./clients.mjs";
import { request } from "./engine.mjs";
import { until, within } from "./waiting.mjs";
import { startWorker } from "./world.mjs";

const KEY = "correct-horse-battery-staple";
const WITH_KEY = { authorization: `Bearer ${KEY}` };
const PAGE = "https://page.example";

let worker;
let clients;
before(async () => {
  worker = await startWorker({ example: "routes", vars: { ADMIN_KEY: KEY } });
  clients = new Clients(worker.url);
});
afterEach(() => clients.closeAll());
after(() => worker?.dispose());

const wakesNothing = (world, running = worker) => assert.equal(running.boots(world), 0, `${world} was asked`);

/** Calls `check` with the world awake, and again with it hibernated. No client may poll in it, or it cannot hibernate. */
async function awakeAndAsleep(world, check) {
  await check("awake");
  const boots = worker.boots(world);
  assert.equal(await worker.evict(world), true, `${world} was asleep already`);
  assert.equal(worker.boots(world), boots, "hibernating constructs no object");
  await check("asleep");
  assert.equal(worker.boots(world), boots + 1, "it woke once");
}

/** Returns a client for each room, upgraded to WebSocket. */
async function joinRooms(world, ...rooms) {
  const joined = await Promise.all(rooms.map((room) => clients.join(world, { auth: { room, token: "sesame" } })));
  await Promise.all(joined.map(upgraded));
  return joined;
}

const route = (world, path, options) => request(`${worker.url}/w/${world}${path}`, options);

/** Calls the admin HTTP API; returns the status and the JSON. */
async function callApi(world, operation, call, headers = WITH_KEY) {
  const body = typeof call === "string" ? call : JSON.stringify(call);
  const answer = await request(`${worker.url}/api/worlds/${world}/${operation}`, { method: "POST", body, headers });
  assert.match(answer.headers.get("content-type"), /^application\/json/);
  return { ...answer, json: JSON.parse(answer.body) };
}

async function assertDone(world, operation, call, matched) {
  const { status, json } = await callApi(world, operation, call);
  assert.deepEqual({ status, json }, { status: 200, json: { status: "ok", matched } }, JSON.stringify(call));
}

/**
 * Sends a request unchanged (`fetch` would normalize it); returns the status, the raw headers and the body. Uses a connection
 * of its own, because a connection whose request body was not read to its end cannot be used again.
 */
const raw = (path, { method = "GET", headers = {}, body, url = worker.url } = {}) =>
  within(
    new Promise((resolve, reject) => {
      const { hostname, port } = new URL(url);
      const sent = http.request({ agent: false, hostname, port, path, method, headers }, (response) => {
        let text = "";
        response.on("data", (chunk) => (text += chunk)).on("end", () => resolve({ status: response.statusCode, raw: response.rawHeaders, text }));
      });
      sent.on("error", reject);
      if (typeof body === "function") body(sent);
      else sent.end(body);
    }),
    `the answer to ${method} ${path.slice(0, 60)}`,
  );

describe("the app's routes", () => {
  test("receive methods, paths, queries and headers", async () => {
    await route("shapes", "/hello/anna");
    await awakeAndAsleep("shapes", async () => {
      const headers = { "x-mine": "1", "x-dormouse-close": "1", "x-dormouse-key": "2" };
      const { status, headers: said, body } = await route("shapes", "/hello/J%C3%BCrgen%2F?q=a+b&q=%26", { headers });
      assert.equal(status, 200);
      assert.match(said.get("content-type"), /^application\/json/);
      const told = JSON.parse(body);
      assert.deepEqual(told.params, [["name", "Jürgen/"]]);
      assert.deepEqual(told.query, [["q", "a b"], ["q", "&"]]);
      const names = told.headers.map(([name]) => name);
      assert.ok(names.includes("x-mine"), names.join());
      assert.deepEqual(names.filter((name) => name.startsWith("x-dormouse")), [], "internal headers are removed from a client's request");
    });
    for (const method of ["PUT", "DELETE"]) {
      const body = Buffer.from([0, 255, 13, 10]);
      const response = await fetch(`${worker.url}/w/shapes/echo`, { method, body });
      assert.equal(response.headers.get("x-method"), method);
      assert.deepEqual(Buffer.from(await response.arrayBuffer()), body);
    }
    const head = await route("shapes", "/hello/anna", { method: "HEAD" });
    assert.deepEqual([head.status, head.body], [200, ""]);
  });

  test("emit to clients", async () => {
    const all = await joinRooms("announce", "red", "blue");
    await awakeAndAsleep("announce", async (when) => {
      const { status, body } = await route("announce", "/announce", { method: "POST", body: JSON.stringify(when) });
      assert.deepEqual([status, body], [200, "2"]);
    });
    for (const client of all) assert.deepEqual(await heard(client, 2), [["announced", "awake"], ["announced", "asleep"]]);
  });

  test("await clients' acknowledgements", async () => {
    const all = await joinRooms("ask", "red", "blue");
    all.forEach((client, n) => client.on("question", (answer) => answer(n)));
    await awakeAndAsleep("ask", async () => {
      const { status, body } = await route("ask", "/ask", { method: "POST" });
      assert.deepEqual([status, JSON.parse(body).sort()], [200, [0, 1]]);
    });
  });

  test("that panic or get invalid arguments answer with an error", async () => {
    const [client] = await joinRooms("faults", "red");
    await awakeAndAsleep("faults", async () => {
      for (const [path, status, code, options] of [
        ["/panic", 500, "INTERNAL_ERROR"],
        ["/announce", 400, "INVALID_ARGUMENTS", { method: "POST", body: "[" }],
        ["/hello/%ff", 400, "INVALID_ARGUMENTS"],
      ]) {
        const answer = await route("faults", path, options);
        assert.equal(answer.status, status, path);
        const { status: word, error } = JSON.parse(answer.body);
        assert.deepEqual([word, error.code], ["error", code], path);
      }
      const long = await raw("/w/faults/announce", { method: "POST", body: " ".repeat(1_000_001) });
      assert.deepEqual([long.status, JSON.parse(long.text).error.code], [413, "TOO_LONG"]);
    });
    assert.equal(client.connected, true);
  });

  test("can neither inject headers nor lose a response to an invalid one", async () => {
    await route("headers", "/hello/anna");
    await awakeAndAsleep("headers", async () => {
      for (const [query, status = 200] of [
        [`location=${encodeURIComponent("/\r\nset-cookie: evil=1")}`],
        [`${encodeURIComponent("x-a\r\nset-cookie")}=evil=1`],
        [`${encodeURIComponent("x-ü")}=1`],
        [`x-a=${encodeURIComponent("ü\u{1f600}\0")}`],
        ["=nameless"],
        ["content-length=1"],
        ["content-length=100000"],
        ["transfer-encoding=chunked"],
        ["connection=close"],
        ["x-dormouse-close=1"],
        ["status=101", 500],
        ["status=99", 500],
        ["status=1000", 500],
        ["status=204", 204],
        ["status=304&body=x", 304],
        ["status=599", 599],
      ]) {
        const answer = await raw(`/w/headers/respond?${query}&x-right=1`);
        assert.equal(answer.status, status, query);
        const names = answer.raw.filter((_, n) => n % 2 === 0).map((name) => name.toLowerCase());
        assert.ok(!names.includes("set-cookie") && !names.includes("x-dormouse-close"), `${query}: ${names}`);
        if (status === 200) assert.equal(answer.text, "body", query);
        if (status !== 500) assert.ok(names.includes("x-right"), `${query}: ${names}`);
      }
    });
    const cookies = await raw("/w/headers/respond?set-cookie=a&set-cookie=b");
    assert.deepEqual(cookies.raw.filter((_, n) => /^set-cookie$/i.test(cookies.raw[n - 1])), ["a", "b"]);
  });

  test("that do not exist wake no world", async () => {
    for (const [method, path, status] of [
      ["GET", "/nothing", 404],
      ["GET", "/hello", 404],
      ["GET", "/hello/", 404],
      ["POST", "/hello/anna", 405],
      ["GET", "/announce", 405],
      ["HEAD", "/announce", 405],
      ["OPTIONS", "/announce", 405],
      ["GET", "/", 404],
      ["GET", "/socket.io", 404],
      ["GET", "/hello/../nothing", 404],
      ["GET", "//hello/anna", 404],
    ]) {
      const answer = await raw(`/w/nowhere${path}`, { method });
      assert.equal(answer.status, status, `${method} ${path}`);
      if (status === 405) assert.ok(answer.raw.some((name) => /^allow$/i.test(name)));
    }
    for (const world of ["a.b", "a%20b", "x".repeat(65), ""]) {
      const answer = await raw(`/w/${world}/hello/anna`);
      assert.equal(answer.status, 404);
      assert.match(JSON.parse(answer.text).message, /64/);
    }
    assert.deepEqual(worker.logs.filter((line) => /^boot world=(nowhere|a\.b|a b|a%20b|x+|)( |$)/.test(line)), []);
  });

  test("answer a request whose body does not arrive completely", async () => {
    const impatient = await startWorker({ example: "routes", vars: { PING_INTERVAL_MS: "300", PING_TIMEOUT_MS: "200" } });
    try {
      const body = (sent) => sent.write("[");
      const answer = await raw("/w/slow/announce", { method: "POST", headers: { "content-length": "10" }, body, url: impatient.url });
      assert.equal(answer.status, 400);
      assert.equal(await impatient.evict("slow"), true, "nothing keeps it awake");
    } finally {
      await impatient.dispose();
    }
  });
});

describe("pages", () => {
  const asking = (method) => ({ origin: PAGE, "access-control-request-method": method, "access-control-request-headers": "authorization,x-a" });
  let listed;
  before(async () => (listed = await startWorker({ example: "routes", vars: { ADMIN_KEY: KEY, ALLOWED_ORIGINS: PAGE } })));
  after(() => listed?.dispose());

  test("of an allowed origin may call routes and the admin HTTP API", async () => {
    for (const [path, method, allowed] of [
      ["/w/pages/echo", "DELETE", "DELETE,PUT"],
      ["/w/pages/hello/anna", "GET", "GET,HEAD"],
      ["/api/worlds/pages/emit", "POST", "POST"],
      ["/api/worlds/pages/fetch", "GET", "GET,POST"],
    ]) {
      const preflight = await request(`${listed.url}${path}`, { method: "OPTIONS", headers: asking(method) });
      assert.equal(preflight.status, 204, path);
      assert.equal(preflight.headers.get("access-control-allow-methods"), allowed);
      assert.equal(preflight.headers.get("access-control-allow-headers"), "authorization,x-a");
      assert.equal(preflight.headers.get("access-control-allow-origin"), PAGE);
      const refused = await request(`${listed.url}${path}`, { method: "OPTIONS", headers: { ...asking(method), origin: "https://evil.example" } });
      assert.equal(refused.status, 403);
      assert.equal(refused.headers.get("access-control-allow-origin"), null);
    }
    const evil = { ...WITH_KEY, origin: "https://evil.example" };
    for (const path of ["/w/pages/hello/anna", "/api/worlds/pages/fetch"]) {
      assert.equal((await request(`${listed.url}${path}`, { headers: evil })).status, 403);
    }
    assert.equal((await request(`${listed.url}/w/pages/nothing`, { method: "OPTIONS", headers: asking("GET") })).status, 404);
    wakesNothing("pages", listed);
  });

  test("can read the response, errors too, whatever headers the handler sets", async () => {
    const headers = { origin: PAGE };
    for (const [path, status] of [
      ["/w/reads/respond?access-control-allow-origin=*&vary=accept", 200],
      ["/w/reads/panic", 500],
      ["/w/reads/nothing", 404],
      ["/w/reads/announce", 405],
      ["/api/worlds/reads/fetch", 401],
    ]) {
      const answer = await request(`${listed.url}${path}`, { headers });
      assert.equal(answer.status, status, path);
      assert.equal(answer.headers.get("access-control-allow-origin"), PAGE, path);
      assert.match(answer.headers.get("vary"), /Origin/);
    }
  });
});

describe("the admin HTTP API", () => {
  test("answers every request without the key alike", async () => {
    const bodies = new Set();
    for (const authorization of [undefined, "", "Bearer", "Bearer ", `Basic ${KEY}`, KEY, `Bearer ${KEY}x`, `Bearer ${KEY.slice(0, -1)}`, `Bearer ${KEY}, Bearer ${KEY}`]) {
      for (const [method, path] of [
        ["POST", "shut/emit"],
        ["POST", "shut/shutdown"],
        ["GET", "shut/fetch"],
        ["DELETE", "shut/fetch"],
        ["OPTIONS", "shut/fetch"],
        ["POST", "a.b/emit"],
        ["POST", `${"x".repeat(65)}/emit`],
      ]) {
        const body = method === "POST" ? "x".repeat(10_000) : undefined;
        const answer = await request(`${worker.url}/api/worlds/${path}`, { method, body, headers: authorization === undefined ? {} : { authorization } });
        assert.equal(answer.status, 401, `${authorization} ${method} ${path}`);
        assert.equal(answer.headers.get("www-authenticate"), "Bearer");
        bodies.add(answer.body);
      }
    }
    assert.equal(bodies.size, 1, "all get the same body");
    assert.equal(JSON.parse([...bodies][0]).error.code, "UNAUTHORIZED");
    wakesNothing("shut");
  });

  test("checks the world's name, operation and method without waking the world", async () => {
    for (const [method, path, status] of [
      ["POST", "names.x/emit", 404],
      ["POST", `${"x".repeat(65)}/emit`, 404],
      ["POST", "%2e%2e/emit", 404],
      ["POST", "names%2femit/emit", 404],
      ["POST", "names/nothing", 404],
      ["POST", "names/emit/", 404],
      ["GET", "names/emit", 405],
      ["DELETE", "names/fetch", 405],
    ]) {
      const answer = await raw(`/api/worlds/${path}`, { method, headers: WITH_KEY });
      assert.equal(answer.status, status, `${method} ${path}`);
      if (!path.startsWith("%2e")) assert.equal(JSON.parse(answer.text).status, "error");
    }
    wakesNothing("names");
  });

  test("emits to all sockets, to rooms, to one socket, to another namespace", async () => {
    const [red, blue] = await joinRooms("emit", "red", "blue");
    const other = await clients.join("emit", { namespace: "/other", transports: ["websocket"] });
    await awakeAndAsleep("emit", async (when) => {
      await assertDone("emit", "emit", { event: "all", args: [when, { deep: [1, null] }] }, 2);
      await assertDone("emit", "emit", { event: "red", rooms: ["red"] }, 1);
      await assertDone("emit", "emit", { event: "not red", except: ["red"], volatile: true }, 1);
      await assertDone("emit", "emit", { event: "one", rooms: [blue.id], args: [] }, 1);
      await assertDone("emit", "emit", { event: "elsewhere", namespace: "/other" }, 1);
      await assertDone("emit", "emit", { event: "nobody", namespace: "/nowhere" }, 0);
    });
    const all = (when) => ["all", when, { deep: [1, null] }];
    assert.deepEqual(await heard(red, 4), [all("awake"), ["red"], all("asleep"), ["red"]]);
    assert.deepEqual(await heard(blue, 6), ["awake", "asleep"].flatMap((when) => [all(when), ["not red"], ["one"]]));
    assert.deepEqual(await heard(other, 2), [["elsewhere"], ["elsewhere"]]);
  });

  test("returns the acknowledgements, and the sockets without one", async () => {
    const [red, blue, silent] = await joinRooms("acks", "red", "blue", "silent");
    red.on("ask", (what, answer) => answer(`red: ${what}`, 2));
    blue.on("ask", (what, answer) => answer(Buffer.from([1, 2, 3])));
    silent.on("ask", () => {});
    await awakeAndAsleep("acks", async () => {
      const { json } = await callApi("acks", "emit", { event: "ask", args: ["?"], except: ["silent"], ack: {} });
      assert.equal(json.matched, 2);
      assert.deepEqual(json.missing, []);
      const of = (client) => json.acks.find(({ socket }) => socket === client.id);
      assert.deepEqual(of(red), { socket: red.id, args: ["red: ?", 2] });
      assert.deepEqual(of(blue).args, [{ _placeholder: true, num: 0 }]);
      assert.deepEqual(Buffer.from(of(blue).attachments[0], "base64"), Buffer.from([1, 2, 3]));

      const late = await callApi("acks", "emit", { event: "ask", args: ["?"], rooms: ["silent", "red"], ack: { timeoutMs: 300 } });
      assert.equal(late.json.matched, 2);
      assert.deepEqual(late.json.acks.map(({ socket }) => socket), [red.id]);
      assert.deepEqual(late.json.missing, [{ socket: silent.id, reason: "ACK_TIMEOUT" }]);
    });
    // Last, because this client does not come back.
    const { id } = silent;
    const asked = callApi("acks", "emit", { event: "ask", args: ["?"], rooms: ["silent"], ack: { timeoutMs: 30_000 } });
    await until(() => silent.heard.length === 3, "the third question");
    silent.disconnect();
    assert.deepEqual((await asked).json.missing, [{ socket: id, reason: "DISCONNECTED" }]);
  });

  test("moves sockets into rooms and out of them", async () => {
    const [red, blue] = await joinRooms("rooms", "red", "blue");
    await awakeAndAsleep("rooms", async (when) => {
      await assertDone("rooms", "join", { join: [`${when} a`, `${when} b`] }, 2);
      await assertDone("rooms", "leave", { rooms: ["red"], leave: [`${when} b`] }, 1);
    });
    const { json } = await callApi("rooms", "fetch", {});
    const of = (client) => json.sockets.find(({ id }) => id === client.id).rooms.sort();
    assert.deepEqual(of(red), [red.id, "asleep a", "awake a", "red"].sort());
    assert.deepEqual(of(blue), [blue.id, "asleep a", "asleep b", "awake a", "awake b", "blue"].sort());
  });

  test("disconnects sockets", async () => {
    const [first, second, third] = await joinRooms("ends", "first", "second", "third");
    const rooms = { awake: "first", asleep: "second" };
    await awakeAndAsleep("ends", (when) => assertDone("ends", "disconnect", { rooms: [rooms[when]], close: when === "asleep" }, 1));
    for (const client of [first, second]) await until(() => client.reasons.length, "the end");
    assert.deepEqual(first.reasons, ["io server disconnect"]);
    assert.equal(second.reasons.length, 1);
    assert.equal(third.connected, true);
    await assertDone("ends", "disconnect", {}, 1 + (second.connected ? 1 : 0));
    await until(() => third.reasons.length, "the end");
  });

  test("returns sockets without their secrets", async () => {
    const [red] = await joinRooms("tell", "red", "blue");
    await awakeAndAsleep("tell", async () => {
      const byGet = await request(`${worker.url}/api/worlds/tell/fetch?rooms=red&namespace=/`, { headers: WITH_KEY });
      const byPost = await callApi("tell", "fetch", { rooms: ["red"] });
      assert.deepEqual(JSON.parse(byGet.body), byPost.json);
      assert.equal(byGet.headers.get("cache-control"), "no-store");
      assert.equal(byPost.json.matched, 1);
      const [{ handshake, ...socket }] = byPost.json.sockets;
      assert.deepEqual(socket, {
        id: red.id,
        namespace: "/",
        rooms: [red.id, "red"],
        data: { room: "red" },
        conn: { transport: "websocket", upgraded: true, protocol: 4 },
      });
      assert.equal(handshake.query.transport, "polling", "the first request's");
      assert.match(handshake.url, /^\/w\/tell\/socket\.io\/\?/);
      assert.ok(handshake.headers["user-agent"] && handshake.issued > 0 && handshake.time);
      assert.equal(handshake.secure, false);
      assert.ok(!byGet.body.includes("sesame") && !byGet.body.includes(red.io.engine.id), "neither auth nor the session's id");
    });
  });

  test("refuses invalid calls", async () => {
    const [red] = await joinRooms("attacks", "red");
    const deep = (n) => "[".repeat(n) + "]".repeat(n);
    await awakeAndAsleep("attacks", async () => {
      for (const [operation, body] of [
        ["emit", ""],
        ["emit", "{"],
        ["emit", "[]"],
        ["disconnect", "[]"],
        ["emit", `{"event":${deep(400_000)}}`],
        ["emit", `{"rooms":${deep(400_000)}}`],
        ["emit", deep(400_000)],
        ["emit", `{"event":"connect"}`],
        ["emit", `{"event":"a","__proto__":{}}`],
        ["emit", `{"event":"a","rooms":{"length":1}}`],
        ["emit", `{"event":"a","ack":{"timeoutMs":1e9}}`],
        ["emit", `{"event":"a","ack":{"timeoutMs":1e400}}`],
        ["emit", `{"event":"a","namespace":"a"}`],
        ["join", `{"join":[{}]}`],
        ["fetch", `{"rooms":null}`],
      ]) {
        const { json, ...answer } = await callApi("attacks", operation, body);
        assert.equal(answer.status, 400, `${operation} ${body.slice(0, 60)}`);
        assert.equal(json.status, "error");
        assert.ok(json.error.code && json.error.message.length <= 300);
      }
      const query = await request(`${worker.url}/api/worlds/attacks/fetch?auth=1`, { headers: WITH_KEY });
      assert.equal(query.status, 400);
      const huge = { method: "POST", headers: WITH_KEY, body: `{"event":"a"${" ".repeat(1_000_000)}}` };
      assert.equal((await raw("/api/worlds/attacks/emit", huge)).status, 413);
      // A body without a content-length.
      const endless = (sent) => {
        for (let n = 0; n < 20; n++) sent.write("x".repeat(100_000));
        sent.end();
      };
      assert.equal((await raw("/api/worlds/attacks/emit", { method: "POST", headers: WITH_KEY, body: endless })).status, 413);
    });
    // The nesting inside an argument is not limited here: reading it is up to the client.
    await assertDone("attacks", "emit", `{"event":"deep","args":[${deep(1000)}]}`, 1);
    assert.deepEqual((await heard(red, 1))[0][0], "deep");
    assert.equal(red.heard.length, 1);
    assert.equal(red.connected, true);
  });

  test("does not exist without ADMIN_KEY, and refuses a short one by name", async () => {
    const shut = await startWorker({ example: "routes" });
    try {
      for (const [method, headers] of [["POST", WITH_KEY], ["POST", { authorization: "Bearer " }], ["OPTIONS", { origin: PAGE, "access-control-request-method": "POST" }]]) {
        const refused = await request(`${shut.url}/api/worlds/none/emit`, { method, headers });
        const unknown = await request(`${shut.url}/api/nothing`, { method, headers });
        assert.deepEqual([refused.status, refused.body], [404, unknown.body]);
      }
      wakesNothing("none", shut);
    } finally {
      await shut.dispose();
    }
    const short = await startWorker({ example: "routes", vars: { ADMIN_KEY: "sesame" } });
    try {
      const answer = await request(`${short.url}/w/short/hello/anna`);
      assert.equal(answer.status, 500);
      assert.match(JSON.parse(answer.body).message, /^ADMIN_KEY is too short/);
      assert.ok(!answer.body.includes("sesame") && !short.logs.some((line) => line.includes("sesame")));
    } finally {
      await short.dispose();
    }
  });

  test("never logs its key", () => {
    assert.deepEqual(worker.logs.filter((line) => line.includes(KEY)), []);
  });
});
