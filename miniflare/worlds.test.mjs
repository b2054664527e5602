// The Worker's own routes, calls of other worlds, cron triggers and queues, in worlds that are awake and in hibernated ones.

import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { Clients, ask, heard, upgraded } from "./clients.mjs";
import { request } from "./engine.mjs";
import { until } from "./waiting.mjs";
import { startWorker } from "./world.mjs";

let worker;
let clients;
before(async () => {
  worker = await startWorker({ example: "worlds" });
  clients = new Clients(worker.url);
});
afterEach(() => clients.closeAll());
after(() => worker?.dispose());

const call = (path, options) => request(`${worker.url}${path}`, options);

async function join(world, options) {
  const client = await clients.join(world, options);
  await upgraded(client);
  return client;
}

/** Calls `check` with the world awake, and again with it hibernated. */
async function awakeAndAsleep(world, check) {
  await check("awake");
  // Lines of the log arrive later than what they are about.
  await until(() => worker.boots(world) > 0, () => `${world} to boot: ${worker.logs.join("\n")}`);
  const boots = worker.boots(world);
  assert.equal(await worker.evict(world), true, `${world} was asleep already`);
  await check("asleep");
  await until(() => worker.boots(world) > boots, () => `${world} to wake: ${worker.logs.join("\n")}`);
  assert.equal(worker.boots(world), boots + 1, "it woke once");
}

const allBoots = () => worker.records.filter(({ message }) => message === "boot").length;

describe("the Worker's own routes", () => {
  test("wake no world", async () => {
    const boots = allBoots();
    const post = (body) => ({ method: "POST", body });
    for (const [path, options, status, body] of [
      ["/login", post('"Anna"'), 201, "welcome, Anna"],
      ["/login", post("["), 400],
      ["/login", {}, 405],
      ["/login/", {}, 404],
      ["/who/J%C3%BCrgen?q=a+b", { method: "HEAD" }, 200, ""],
      ["/who/%ff", {}, 400],
      ["/panic", {}, 500],
      ["/health", {}, 200, '{"status":"ok"}'],
      ["/health", post(""), 404],
      ["/", {}, 200],
      ["/.worlds/emit", post("x"), 404],
      ["/.worlds/route?path=/echo/x&from=red", post("x"), 404],
    ]) {
      const answer = await call(path, options);
      assert.equal(answer.status, status, path);
      if (body !== undefined) assert.equal(answer.body, body, path);
    }
    const headers = { "x-mine": "1", "x-dormouse-calling-world": "red" };
    const [params, query, seen] = JSON.parse((await call("/who/J%C3%BCrgen?q=a+b", { headers })).body);
    assert.deepEqual([params, query], [[["name", "Jürgen"]], [["q", "a b"]]]);
    const names = seen.map(([name]) => name);
    assert.ok(names.includes("x-mine") && !names.some((name) => name.startsWith("x-dormouse")), names.join());
    const long = await call("/login", post(" ".repeat(1_000_001)));
    assert.equal(long.status, 413);
    assert.equal(allBoots(), boots);
    await until(() => worker.records.some(({ code, event }) => code === "INTERNAL_SERVER_ERROR" && event === "GET /panic"), () => worker.logs.join("\n"));
  });

  test("may be called by pages that may connect", async () => {
    const page = "https://page.example";
    const headers = { origin: page, "access-control-request-method": "POST", "access-control-request-headers": "x-a" };
    const listed = await startWorker({ example: "worlds", vars: { ALLOWED_ORIGINS: page } });
    try {
      const preflight = await request(`${listed.url}/login`, { method: "OPTIONS", headers });
      assert.deepEqual([preflight.status, preflight.headers.get("access-control-allow-methods")], [204, "POST"]);
      assert.equal(preflight.headers.get("access-control-allow-origin"), page);
      const answer = await request(`${listed.url}/panic`, { headers: { origin: page } });
      assert.deepEqual([answer.status, answer.headers.get("access-control-allow-origin")], [500, page]);
      assert.equal((await request(`${listed.url}/login`, { method: "OPTIONS", headers: { ...headers, origin: "https://evil.example" } })).status, 403);
    } finally {
      await listed.dispose();
    }
  });

  test("reach worlds", async () => {
    const client = await join("news", { namespace: "/game" });
    await awakeAndAsleep("news", async (when) => {
      assert.equal((await call("/emit", { method: "POST", body: JSON.stringify(["news", when]) })).status, 204);
    });
    assert.deepEqual(await heard(client, 2), [["news", "awake"], ["news", "asleep"]]);
    const answer = await call("/remote/plain/echo/a");
    assert.equal(answer.headers.get("x-echo"), "1");
    assert.deepEqual(JSON.parse(answer.body), { name: "a", query: [["q", "a b"]], world: "", body: "body" });
    assert.equal((await call("/remote/plain/nothing")).status, 404);
    // What leads out of the routes is a path like any other.
    assert.equal((await call("/remote/plain/%2e%2e/emit")).status, 404);
  });
});

describe("a world", () => {
  test("emits to another one", async () => {
    const [red, blue] = [await join("red"), await join("blue")];
    await awakeAndAsleep("blue", async (when) => {
      assert.deepEqual(await ask(red, "tell", "blue", "told", { when }), ["told"]);
    });
    assert.equal(await worker.evict("red"), true);
    assert.deepEqual(await ask(red, "tell", "blue", "told", "after both"), ["told"]);
    assert.deepEqual(await heard(blue, 3), [["told", { when: "awake" }], ["told", { when: "asleep" }], ["told", "after both"]]);
    assert.deepEqual(red.heard, []);
  });

  test("calls a route of another one, and learns if it cannot", async () => {
    const client = await join("caller");
    const route = async (...args) => (await ask(client, "ask", ...args))[0];
    const [status, body] = await route("callee", "POST", "/echo/x?q=1");
    assert.deepEqual([status, JSON.parse(body)], [200, { name: "x", query: [["q", "1"]], world: "caller", body: "body" }]);
    assert.equal(await worker.evict("callee"), true);
    assert.equal((await route("callee", "POST", "/echo/x"))[0], 200);
    assert.equal((await route("callee", "POST", "../emit"))[0], 404);
    assert.equal((await route("no world!", "POST", "/echo/x")).error.code, "INVALID_WORLD");
    assert.equal((await route("eu-only", "POST", "/echo/x")).error.code, "INTERNAL_SERVER_ERROR");
    assert.equal(worker.boots("eu-only"), 0, "its object would be another one");
    assert.equal((await route("callee", "GET", "/never")).error.code, "WORLD_TIMEOUT");
    assert.equal(await worker.evict("caller"), true, "nothing keeps it awake");
    // A client that claims to be a world is not one.
    const headers = { "x-dormouse-calling-world": "caller" };
    const own = await call("/w/callee/echo/x", { method: "POST", headers, body: "body" });
    assert.deepEqual([own.status, JSON.parse(own.body).world], [200, null]);
  });

  test("calls itself", async () => {
    const client = await join("self");
    await awakeAndAsleep("self", async () => {
      const [[status, body]] = await ask(client, "ask", "self", "POST", "/again?world=self");
      assert.deepEqual([status, JSON.parse(body).world], [200, "self"]);
    });
  });
});

describe("the Worker's other events", () => {
  test("a cron trigger reaches a world", async () => {
    const client = await join("clock");
    const fetcher = await worker.mf.getWorker();
    await awakeAndAsleep("clock", async () => {
      const { outcome } = await fetcher.scheduled({ cron: "0 * * * *", scheduledTime: new Date(1_800_000_000_000) });
      assert.equal(outcome, "ok");
    });
    assert.deepEqual(await heard(client, 2), [["struck", "0 * * * *"], ["struck", "0 * * * *"]]);
  });

  test("a queue reaches a world, and is told what to deliver again", async () => {
    const client = await join("queue");
    const fetcher = await worker.mf.getWorker();
    const messages = [
      { id: "a", timestamp: new Date(), attempts: 1, body: { n: 1 } },
      { id: "b", timestamp: new Date(), attempts: 1, body: "later" },
      { id: "c", timestamp: new Date(), attempts: 2, body: new Uint8Array([104, 105]) },
    ];
    await awakeAndAsleep("queue", async () => {
      const { outcome, retryMessages, explicitAcks } = await fetcher.queue("news", messages);
      assert.equal(outcome, "ok");
      assert.deepEqual(retryMessages, [{ msgId: "b", delaySeconds: 7 }]);
      assert.deepEqual(explicitAcks, ["a", "c"]);
    });
    const told = [["delivered", "a", '{"n":1}', 1], ["delivered", "c", "hi", 2]];
    assert.deepEqual(await heard(client, 4), [...told, ...told]);
  });
});
