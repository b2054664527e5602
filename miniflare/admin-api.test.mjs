// The admin HTTP API, in worlds that are awake and in hibernated ones.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { heard, upgraded } from "./clients.mjs";
import { request } from "./engine.mjs";
import { KEY, PAGE, WITH_KEY, assertDone, awakeAndAsleep, callApi, clients, joinRooms, raw, wakesNothing, worker } from "./http-calls.mjs";
import { until } from "./waiting.mjs";
import { startWorker } from "./world.mjs";

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
      assert.deepEqual(late.json.missing, [{ socket: silent.id, reason: "ACK_TIMEOUT", delivery: "written" }]);
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
        conn: { transport: "websocket", upgraded: true, protocol: 4, since: handshake.issued, lastPong: null, unsentBytes: 0 },
      });
      assert.equal(handshake.query.transport, "polling", "the first request's");
      assert.match(handshake.url, /^\/w\/tell\/socket\.io\/\?/);
      assert.ok(handshake.headers["user-agent"] && handshake.issued > 0 && handshake.time);
      assert.equal(handshake.secure, false);
      assert.ok(!byGet.body.includes("sesame") && !byGet.body.includes(red.io.engine.id), "neither auth nor the session's id");
    });
  });

  test("tells for how many sockets an event was written", async () => {
    const [red] = await joinRooms("written", "red", "blue");
    await awakeAndAsleep("written", async (when) => {
      const { json } = await callApi("written", "emit", { event: when });
      assert.deepEqual(json, { matched: 2, written: 2, held: 0, dropped: 0, closed: 0, status: "ok" });
      await heard(red, when === "awake" ? 1 : 2);
    });
  });

  test("tells the state of a world, and why it is awake", async () => {
    await joinRooms("state", "red", "blue");
    const state = async () => JSON.parse((await request(`${worker.url}/api/worlds/state`, { headers: WITH_KEY })).body);
    // The alarm and the roster are written a moment after the clients have joined.
    await until(async () => (await state()).rowsWritten > 0, "the rows of the clients");
    const { namespaces, databaseBytes, rowsWritten, since, countedSince, ...told } = await state();
    const counts = { webSockets: 2, polling: 0, draining: 0, sockets: 2, rooms: 2, alarms: 0, unsentBytes: 0, sessionRows: 0, moreNamespaces: 0 };
    assert.deepEqual(told, { status: "ok", world: "state", reason: "connection", wakes: 1, ...counts });
    assert.deepEqual(namespaces, [{ name: "/", sockets: 2, rooms: 2 }]);
    assert.ok(databaseBytes > 0 && rowsWritten > 0 && since >= countedSince && countedSince > 1e12);
    assert.equal(await worker.evict("state"), true);
    const later = await state();
    assert.deepEqual([later.reason, later.wakes, later.countedSince], ["admin", 2, countedSince]);
    assert.ok(later.since >= since && later.rowsWritten >= rowsWritten);
  });

  test("serves the counters of all worlds without waking one", async () => {
    const [red] = await joinRooms("metered", "red", "blue");
    red.emit("anything");
    await callApi("metered", "emit", { event: "news" });
    const boots = worker.boots("metered");
    assert.equal(await worker.evict("metered"), true);
    const { status, headers, body } = await request(`${worker.url}/metrics`, { headers: WITH_KEY });
    assert.equal(status, 200);
    assert.equal(headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    assert.equal(worker.boots("metered"), boots, "no world was asked");
    const sample = (text, name, label = "") => Number(text.match(new RegExp(`^dormouse_${name}\\{world="metered"${label}\\} (\\d+)$`, "m"))?.[1]);
    assert.equal(sample(body, "sockets"), 2);
    assert.equal(sample(body, "broadcasts_total"), 1);
    assert.equal(sample(body, "deliveries_total"), 2);
    assert.equal(sample(body, "connections_opened_total", ',transport="polling"'), 2);
    assert.equal(sample(body, "events_received_total"), 1);
    assert.match(body, /^# TYPE dormouse_sent_bytes_total counter$/m);
    const own = await request(`${worker.url}/api/worlds/metered/metrics`, { headers: WITH_KEY });
    assert.equal(worker.boots("metered"), boots + 1);
    assert.equal(sample(own.body, "wakes_total", ',reason="admin"'), 1);
    assert.ok(!own.body.includes('world="state"'));
    for (const refused of [{}, { authorization: "Bearer x" }]) {
      assert.equal((await request(`${worker.url}/metrics`, { headers: refused })).status, 401);
    }
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
        assert.deepEqual(await request(`${shut.url}/metrics`, { method, headers }).then(({ status, body }) => [status, body]), [404, unknown.body]);
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

  test("traces what became of a message, in the log", async () => {
    const [red, blue] = await joinRooms("traced", "red", "blue");
    const { json } = await callApi("traced", `trace?socket=${red.id}`);
    assert.deepEqual(json, { status: "ok", traces: [{ socket: red.id, secondsLeft: 300 }] });
    red.on("ask", (answer) => answer(7));
    await awakeAndAsleep("traced", async () => {
      await assertDone("traced", "emit", { event: "all" }, 2);
      await assertDone("traced", "emit", { event: "blue", rooms: ["blue"] }, 1);
      const asked = await callApi("traced", "emit", { event: "ask", rooms: ["red"], ack: {} });
      assert.deepEqual(asked.json.acks, [{ socket: red.id, args: [7] }]);
    });
    assert.deepEqual(await heard(blue, 4), [["all"], ["blue"], ["all"], ["blue"]]);
    const told = () => worker.records.filter(({ world, socket, message }) => world === "traced" && socket === red.id && message.startsWith("trace: "));
    await until(() => told().length >= 8, () => `the trace: ${JSON.stringify(told())}`);
    const each = [["all", "WRITTEN"], ["blue", "NOT_A_RECIPIENT"], ["ask", "WRITTEN"], [undefined, "ACKNOWLEDGED"]];
    assert.deepEqual(told().map(({ event, code }) => [event, code]), [...each, ...each]);
    const off = await callApi("traced", `trace?socket=${red.id}&seconds=0`);
    assert.deepEqual(off.json.traces, []);
    await assertDone("traced", "emit", { event: "all" }, 2);
    const on = await request(`${worker.url}/api/worlds/traced/trace`, { headers: WITH_KEY });
    assert.deepEqual(JSON.parse(on.body), { status: "ok", traces: [] });
    assert.equal(told().length, 8);
  });

  test("never logs its key", () => {
    assert.deepEqual(worker.logs.filter((line) => line.includes(KEY)), []);
  });
});
