// HTTP requests to the app's routes, and of pages to these and to the admin HTTP API, in worlds that are awake and in hibernated ones.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { heard } from "./clients.mjs";
import { request } from "./engine.mjs";
import { KEY, PAGE, WITH_KEY, awakeAndAsleep, clients, joinRooms, raw, route, wakesNothing, worker } from "./http-calls.mjs";
import { until } from "./waiting.mjs";
import { startWorker } from "./world.mjs";

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

  // workerd has no jurisdictions: it shows which worlds would be in one.
  test("and the gateway are where the app places the world", async () => {
    const calls = ["/hello/anna", "/socket.io/?EIO=4&transport=polling"];
    for (const path of [...calls, ...calls]) {
      const { status, body } = await route("eu-only", path);
      assert.equal(status, 500);
      assert.match(JSON.parse(body).message, /^JURISDICTION: this runtime cannot restrict an object to "eu"/);
      assert.equal((await route("anywhere", path)).status, 200);
    }
    wakesNothing("eu-only");
    const told = () => worker.records.filter(({ code }) => code === "CONFIG");
    await until(() => told().length > 0, () => `a log line: ${worker.logs.join("\n")}`);
    assert.deepEqual(told().map(({ level, world }) => [level, world]), [["error", "eu-only"]], "once, however many requests fail");
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
        ["/panic", 500, "INTERNAL_SERVER_ERROR"],
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
    assert.deepEqual(worker.records.filter(({ message, world }) => message === "boot" && /^(nowhere|a\.b|a b|a%20b|x+|)$/.test(world)), []);
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
