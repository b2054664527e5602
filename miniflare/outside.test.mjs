// What handlers reach outside of their world, and what keeps a world awake, in the real runtime: awake, and hibernated before each step.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, describe, test } from "node:test";
import { Clients, ask, heard } from "./clients.mjs";
import { request } from "./engine.mjs";
import { websocket } from "./rows.mjs";
import { until } from "./waiting.mjs";
import { startWorker } from "./world.mjs";

let worker, clients, server;
const requests = [];
before(async () => {
  server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    requests.push({ method: request.method, url: request.url, key: request.headers["x-key"], body, response });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  worker = await startWorker({
    example: "outside",
    wrapper: "miniflare/fixtures/queue-consumer.js",
    // What internal errors are is told to clients.
    vars: { SECRET: "a secret", DEBUG: "true" },
    platform: {
      kvNamespaces: ["TEXTS"],
      d1Databases: ["DB"],
      r2Buckets: ["FILES"],
      queueProducers: { JOBS: "jobs" },
      queueConsumers: { jobs: { maxBatchTimeout: 0 } },
      serviceBindings: { USERS: answerService },
    },
  });
  clients = new Clients(worker.url);
});
after(async () => {
  clients?.closeAll();
  server?.closeAllConnections();
  server?.close();
  await worker?.dispose();
});

async function answerService(request) {
  const text = `${request.method} ${new URL(request.url).search} ${request.headers.get("x-key")} ${await request.text()}`;
  return new Response(text, { status: 203, headers: { "x-said": "yes" } });
}

/** Defines a test that runs in a world that is awake, and in one that is hibernated by `rest` before the steps that matter. */
function both(name, body) {
  for (const when of ["awake", "hibernated"]) {
    test(`${name}, ${when}`, async () => {
      const world = `${name.replace(/[^a-z]/g, "-")}-${when}`.slice(0, 64);
      const client = await clients.join(world, websocket);
      const rest = async () => {
        if (when === "hibernated") assert.equal(await worker.evict(world), true);
      };
      await rest();
      await body(client, world, rest);
      // Nothing that was awaited keeps it awake any more; it may be hibernated already.
      await worker.evict(world);
      client.disconnect();
    });
  }
}

/** Hibernates a world in which a handler waits, and checks that it was not lost: the world had to wait for it. */
async function staysAwake(world, pending, told) {
  const boots = worker.boots(world);
  assert.equal(await worker.evict(world), true);
  assert.deepEqual([await pending, worker.boots(world)], [[told], boots]);
}

/** Returns the requests of this path to the server of these tests. */
const asked = (path) => until(() => requests.find(({ url }) => url === path), `a request to ${path}`);
const url = (path) => `http://127.0.0.1:${server.address().port}${path}`;

describe("bindings", () => {
  both("kv", async (client, world) => {
    const [[told, isSame]] = await ask(client, "kv", world, Buffer.from([0, 255, 13]));
    assert.deepEqual(told, [null, "Grüße", { a: 1 }, null, told[4], null, [world]]);
    for (const key of ["bytes", "json", world]) assert.ok(told[4].includes(key), told[4].join());
    assert.equal(isSame, true);
  });

  both("databases", async (client) => {
    const [told] = await ask(client, "d1", "Anna");
    const row = (name, score) => ({ name, score });
    const rows = [row("Anna", null), row("Anna", 12.5), row("batch", 1), row("batch", 2)];
    assert.deepEqual(told, [2, [1, 1], true, rows, [{ n: 2 }]]);
    const [{ status, error }] = await ask(client, "d1 error");
    assert.deepEqual([status, error.code], ["error", "INTERNAL_SERVER_ERROR"]);
    assert.match(error.details, /^D1: D1_ERROR: no such table: gone/);
  });

  both("buckets", async (client, world) => {
    const [told] = await ask(client, "bucket", world, Buffer.from([0, 255, 13]));
    assert.deepEqual(told, [false, [3, "image/png", true], true, told[3], true, null, true]);
    assert.ok(told[3].includes(world) && told[3].includes("plain"));
  });

  both("queues", async (client, world) => {
    client.emit("queue", world);
    const kv = await worker.mf.getKVNamespace("TEXTS");
    const queued = async () => {
      const { keys } = await kv.list({ prefix: "queued/" });
      return Promise.all(keys.map(({ name }) => kv.get(name, "json")));
    };
    await until(async () => (await queued()).some(({ of }) => of === world), "the message");
    await until(async () => [1, 2, 3].every(async (n) => (await queued()).includes(n)), "the batch");
  });

  both("services", async (client) => {
    const [told] = await ask(client, "service", "Anna");
    assert.deepEqual(told, [203, "yes", "POST ?name=Anna k body"]);
  });

  both("variables", async (client) => {
    assert.deepEqual(await ask(client, "variable", "SECRET"), ["a secret"]);
    assert.deepEqual(await ask(client, "variable", "NONE"), [null]);
  });

  test("that are absent, or of another kind, are named with the lines for wrangler.toml", async () => {
    const client = await clients.join("absent", websocket);
    const [errors] = await ask(client, "absent");
    const tables = ["kv_namespaces", "d1_databases", "r2_buckets", "queues.producers", "services"];
    assert.equal(errors.length, tables.length);
    errors.forEach((error, n) => assert.match(error, new RegExp(`^BINDING: A: no .*\\[\\[${tables[n]}\\]\\] with binding = "A"`)));
    const [{ error }] = await ask(client, "other kind");
    assert.match(error.details, /^BINDING: DB: no KV namespace is bound/);
  });

  test("do not return more than may be read", async () => {
    const client = await clients.join("large", websocket);
    const [[kv, bucket]] = await ask(client, "large");
    assert.equal(kv, 'KV: the value of "long" has 8000001 bytes, and may have 8000000');
    assert.equal(bucket, 'R2: the object "long" has 8000001 bytes, and may have 8000000');
  });
});

describe("fetch", () => {
  both("asks another server", async (client, world) => {
    const path = `/${world}`;
    const fetched = ask(client, "fetch", "PUT", url(path), "a body");
    const { response, method, key, body } = await asked(path);
    assert.deepEqual([method, key, body], ["PUT", "k", "a body"]);
    response.writeHead(418, { "x-said": "yes", "set-cookie": ["a=1", "b=2"] }).end("Grüße");
    assert.deepEqual(await fetched, [[418, "yes", ["a=1", "b=2"], "Grüße"]]);
  });

  // The server is another world: this process stands still while it waits for the eviction.
  both("keeps the world awake until the server has answered", async (client, world) => {
    const fetched = ask(client, "fetch", "GET", `${worker.url}/w/slow/slow/1500`, "");
    await heard(client, 1);
    await staysAwake(world, fetched, [200, null, [], "1500"]);
  });

  // `both` hibernates the world then.
  both("that nobody waits for any more is aborted", async (client, world) => {
    const path = `/dropped-${world}`;
    const told = ask(client, "fetch dropped", url(path));
    const { response } = await asked(path);
    assert.deepEqual(await told, [true]);
    await until(() => response.destroyed, "the end of the request");
  });

  both("fails with a code", async (client, world) => {
    const unreachable = createServer();
    await new Promise((resolve) => unreachable.listen(0, "127.0.0.1", resolve));
    const { port } = unreachable.address();
    await new Promise((resolve) => unreachable.close(resolve));
    for (const [method, to, body] of [
      ["GET", "no url", ""],
      ["A B", url("/method"), ""],
      ["GET", url("/body"), "a GET has none"],
      ["GET", `http://127.0.0.1:${port}/`, ""],
    ]) {
      const [{ status, error }] = await ask(client, "fetch", method, to, body);
      assert.equal(status, "error", `${method} ${to}`);
      assert.match(error.details, /^FETCH: /, `${method} ${to}`);
    }
    const path = `/long/${world}`;
    const fetched = ask(client, "fetch", "GET", url(path), "");
    (await asked(path)).response.end(Buffer.alloc(8_000_001, "x"));
    const [{ error }] = await fetched;
    assert.equal(error.details, "FETCH: the body of the response has more than 8000000 bytes");
  });

  test("holds back no other events", async () => {
    const client = await clients.join("other-events", websocket);
    ask(client, "fetch", "GET", url("/hangs"), "").catch(() => {});
    await asked("/hangs");
    assert.deepEqual(await ask(client, "variable", "SECRET"), ["a secret"], "other events do not wait for it");
  });
});

describe("sleep", () => {
  both("ends, and keeps the world awake until then", async (client, world) => {
    const slept = ask(client, "sleep", 1_500);
    await heard(client, 1);
    await staysAwake(world, slept, 1_500);
  });

  // `both` hibernates the world then.
  both("that nobody waits for any more keeps no world awake", async (client) => {
    assert.deepEqual(await ask(client, "cancelled"), [true]);
  });
});

describe("state", () => {
  test("is one value per world, and new when the world wakes", async () => {
    const client = await clients.join("state", websocket);
    const other = await clients.join("other-state", websocket);
    const counts = async (of = client) => (await ask(of, "count"))[0];
    const first = await counts();
    assert.deepEqual([first.state, first.data, first.storage], [1, 1, 1]);
    const second = await counts();
    assert.deepEqual([second.state, second.data, second.storage], [2, 2, 2]);
    assert.equal((await counts(other)).state, 1, "another world has its own");
    const shared = (await counts(other)).thread_local;
    assert.equal(shared, second.thread_local + 2, "a thread_local is that of all worlds of the isolate");
    assert.equal(await worker.evict("state"), true);
    const third = await counts();
    assert.deepEqual([third.state, third.data, third.storage], [1, 3, 3]);
    assert.ok(third.rooms > second.rooms, "rooms survive");
    assert.equal(third.thread_local, shared + 1, "and it may survive a nap");
  });

  test("that is missing is named", async () => {
    const client = await clients.join("no-state", websocket);
    const [{ error }] = await ask(client, "no state");
    assert.match(error.details, /^NO_STATE: .*alloc::string::String/);
  });
});

both("the world's name", async (client, world, rest) => {
  assert.deepEqual(await ask(client, "world"), [world, world]);
  await rest();
  const { body } = await request(`${worker.url}/w/${world}/world`);
  assert.deepEqual(JSON.parse(body), [world, world]);
});
