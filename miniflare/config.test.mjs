// The Worker's variables: how invalid values are reported, which origins may connect, and that a refused request wakes no world.

import assert from "node:assert/strict";
import { once } from "node:events";
import { get } from "node:http";
import { text } from "node:stream/consumers";
import { after, before, describe, test } from "node:test";
import { Poller, address, assertRefused, openWebSocket, refusedWebSocket, request } from "./engine.mjs";
import { until } from "./waiting.mjs";
import { startWorker } from "./world.mjs";

const PATH = "/w/conf/socket.io/";
const polling = { transport: "polling" };

async function serve(vars, use) {
  const worker = await startWorker({ vars });
  try {
    await use(worker);
  } finally {
    await worker.dispose();
  }
}

describe("an invalid variable is named in the error", () => {
  const bad = {
    PING_INTERVAL_MS: ["25s", /whole number/],
    PING_TIMEOUT_MS: ["-1", /whole number/],
    MAX_PAYLOAD_BYTES: ["0", /must be from/],
    CONNECT_TIMEOUT_MS: ["1.5", /whole number/],
    UPGRADE_TIMEOUT_MS: ["999999999999", /must be from/],
    MAX_BUFFERED_BYTES: ["lots", /whole number/],
    MAX_UNJOINED_PER_ADDRESS: ["0", /must be from/],
    TRANSPORTS: ["carrier-pigeon", /must be polling, websocket/],
    ALLOWED_ORIGINS: ["page.example", /page\.example.*https:\/\//],
    OWN_ORIGINS: ["page.example", /page\.example.*https:\/\//],
    LOCATION_HINT: ["mars", /must be one of wnam, enam/],
  };
  for (const [variable, [value, problem]] of Object.entries(bad)) {
    test(`${variable}=${value}`, () =>
      serve({ [variable]: value }, async ({ url, logs, boots }) => {
        const answers = [
          await request(address(url, PATH, polling)),
          await refusedWebSocket(address(url, PATH, { transport: "websocket" })),
        ];
        for (const { status, body } of answers) {
          assert.equal(status, 500);
          const { message } = JSON.parse(body);
          assert.ok(message.includes(variable), message);
          assert.ok(message.includes(value), message);
          assert.match(message, problem);
        }
        const told = () => logs.filter((line) => line.includes(variable) && problem.test(line));
        await until(() => told().length > 0, () => `a log line: ${logs.join("\n")}`);
        assert.equal(told().length, 1, "it is logged once, however many requests fail");
        assert.equal(boots("conf"), 0);
      }));
  }
});

test("a runtime without jurisdictions says so, and makes no other object", () =>
  serve({ JURISDICTION: "eu" }, async ({ url, logs, boots }) => {
    const answers = [await request(address(url, PATH, polling)), await refusedWebSocket(address(url, PATH, { transport: "websocket" }))];
    for (const { status, body } of answers) {
      assert.equal(status, 500);
      assert.match(JSON.parse(body).message, /^JURISDICTION: this runtime cannot restrict an object to "eu" .*set JURISDICTION= in \.dev\.vars/);
    }
    await until(() => logs.some((line) => line.includes("JURISDICTION")), () => `a log line: ${logs.join("\n")}`);
    assert.equal(boots("conf"), 0);
  }));

test("variables that are set apply", () =>
  serve({ LOCATION_HINT: "weur", PING_INTERVAL_MS: " 12000 ", PING_TIMEOUT_MS: "3000", MAX_PAYLOAD_BYTES: "2000" }, async ({ url }) => {
    const { pingInterval, pingTimeout, maxPayload } = (await Poller.open(url, PATH)).handshake;
    assert.deepEqual([pingInterval, pingTimeout, maxPayload], [12_000, 3_000, 2_000]);
    const poller = await Poller.open(url, PATH);
    assert.equal((await poller.post(`4${"x".repeat(2000)}`)).status, 413);
    const wire = await openWebSocket(url, PATH);
    wire.send(`4${"x".repeat(2000)}`);
    assert.equal((await wire.closed()).code, 1009);
  }));

test("variables that are not set have engine.io's and socket.io's values", () =>
  serve({}, async ({ url }) => {
    const { pingInterval, pingTimeout, maxPayload } = (await Poller.open(url, PATH)).handshake;
    assert.deepEqual([pingInterval, pingTimeout, maxPayload], [25_000, 20_000, 1_000_000]);
  }));

// With longer intervals, it answers pongs without waking the object.
test("with a ping interval below 10 s, the runtime answers no frame by itself", () =>
  serve({ PING_INTERVAL_MS: "9999" }, async ({ url }) => {
    for (const frame of ["undefined", "null"]) {
      const wire = await openWebSocket(url, PATH);
      wire.send(frame);
      assert.equal((await wire.closed()).code, 1000, "no packet of Engine.IO begins like this");
      assert.deepEqual(wire.received.rest, []);
    }
  }));

describe("ALLOWED_ORIGINS", () => {
  /** Opens a session under another name than the URL's: `fetch` sends the URL's host, whatever the headers say. */
  async function requestAs(url, headers) {
    const asked = get(address(url, PATH, polling), { headers });
    const [response] = await once(asked, "response");
    return { status: response.statusCode, headers: response.headers, body: await text(response) };
  }

  const page = "https://page.example";
  const cors = (headers) => ["access-control-allow-origin", "access-control-allow-credentials"].map((name) => headers.get(name));

  async function assertAllowed(url, origin, allowed) {
    const headers = origin === undefined ? {} : { origin };
    const poller = await Poller.open(url, PATH, { headers });
    const posted = await poller.post("40");
    const refused = await request(address(url, PATH, {}), { headers });
    assert.equal(posted.status, 200);
    assert.equal(refused.status, 400);
    for (const answer of [posted, await poller.get(), refused]) assert.deepEqual(cors(answer.headers), allowed);
    await (await openWebSocket(url, PATH, { headers })).close();
    return posted;
  }

  async function assertForbidden(url, origin) {
    const headers = { origin };
    const got = await request(address(url, PATH, polling), { headers });
    const upgrade = await refusedWebSocket(address(url, PATH, { transport: "websocket" }), headers);
    for (const answer of [got, upgrade]) {
      assertRefused(answer, 4, 403);
      assert.match(JSON.parse(answer.body).message, /ALLOWED_ORIGINS/);
      assert.ok(JSON.parse(answer.body).message.includes(origin), answer.body);
    }
  }

  test("empty: the same origin and clients without one", () =>
    serve({ ALLOWED_ORIGINS: "" }, async ({ url, boots }) => {
      await assertForbidden(url, page);
      await assertForbidden(url, "null");
      assert.equal(boots("conf"), 0);
      await assertAllowed(url, undefined, [null, null]);
      await assertAllowed(url, url, [url, "true"]);
    }));

  test("a list: these and the same origin", () =>
    serve({ ALLOWED_ORIGINS: `https://other.example, ${page}` }, async ({ url, boots }) => {
      for (const origin of ["https://evil.example", "http://page.example", `${page}.evil.example`, `${page}:8443`]) {
        await assertForbidden(url, origin);
      }
      assert.equal(boots("conf"), 0);
      const answer = await assertAllowed(url, page, [page, "true"]);
      assert.match(answer.headers.get("vary") ?? "", /origin/i, "a cache must not serve it to another page");
      await assertAllowed(url, "https://other.example", ["https://other.example", "true"]);
      await assertAllowed(url, undefined, [null, null]);
      await assertAllowed(url, url, [url, "true"]);

      const asked = { origin: page, "access-control-request-method": "POST", "access-control-request-headers": "x-token" };
      const preflight = await request(address(url, PATH, polling), { method: "OPTIONS", headers: asked });
      assert.equal(preflight.status, 204);
      assert.deepEqual(cors(preflight.headers), [page, "true"]);
      assert.match(preflight.headers.get("access-control-allow-methods"), /POST/);
      assert.equal(preflight.headers.get("access-control-allow-headers"), "x-token");
      const refused = await request(address(url, PATH, polling), { method: "OPTIONS", headers: { ...asked, origin: "https://evil.example" } });
      assertRefused(refused, 4, 403);
      assert.deepEqual(cors(refused.headers), [null, null]);
    }));

  test("a list: origins of apps, and subdomains", () =>
    serve({ ALLOWED_ORIGINS: "capacitor://localhost,file://, null, https://*.page.example" }, async ({ url, boots }) => {
      for (const origin of [page, "https://evil-page.example", "https://a.page.example:8443", "http://a.page.example", "ionic://localhost", "https://localhost"]) {
        await assertForbidden(url, origin);
      }
      assert.equal(boots("conf"), 0);
      for (const origin of ["capacitor://localhost", "file://", "null", "https://a.page.example", "https://b.a.page.example"]) {
        await assertAllowed(url, origin, [origin, "true"]);
      }
    }));

  // A page at http://evil.example:8787 whose name resolves to this machine sends its own name as Host and Origin.
  test("a page whose name was rebound to this server is refused", () =>
    serve({ ALLOWED_ORIGINS: "" }, async ({ url, boots }) => {
      const { port } = new URL(url);
      const named = (name) => ({ host: `${name}:${port}`, origin: `http://${name}:${port}` });
      for (const name of ["evil.example", "localhost.evil.example", "127.0.0.1.nip.io"]) {
        const got = await requestAs(url, named(name));
        const upgrade = await refusedWebSocket(address(url, PATH, { transport: "websocket" }), named(name));
        for (const { status, body } of [got, upgrade]) {
          assert.equal(status, 403, body);
          assert.match(JSON.parse(body).message, /Set the variable OWN_ORIGINS/);
        }
      }
      assert.equal(boots("conf"), 0);
      for (const name of ["localhost", "chat.localhost", "127.0.0.1", "[::1]", "dormouse.somebody.workers.dev"]) {
        const { status, headers } = await requestAs(url, named(name));
        assert.deepEqual([status, headers["access-control-allow-origin"]], [200, named(name).origin]);
      }
      assert.equal((await requestAs(url, { host: "evil.example" })).status, 200, "a client that is no page");
    }));

  test("OWN_ORIGINS: pages of these, and of no other host", () =>
    serve({ ALLOWED_ORIGINS: "", OWN_ORIGINS: page }, async ({ url, boots }) => {
      await assertForbidden(url, "https://evil.example");
      const itself = await request(address(url, PATH, polling), { headers: { origin: url } });
      assertRefused(itself, 4, 403);
      assert.equal(boots("conf"), 0);
      await assertAllowed(url, page, [page, "true"]);
    }));

  test("*: all", () =>
    serve({ ALLOWED_ORIGINS: "*" }, async ({ url }) => {
      await assertAllowed(url, page, ["*", null]);
      await assertAllowed(url, "null", ["*", null]);
      const preflight = await request(address(url, PATH, polling), { method: "OPTIONS", headers: { origin: page } });
      assert.equal(preflight.status, 204);
      assert.equal(preflight.headers.get("access-control-allow-origin"), "*");
    }));
});

describe("a request that is refused wakes no world", () => {
  let worker;
  before(async () => (worker = await startWorker()));
  after(() => worker?.dispose());

  const wakesNothing = () => assert.deepEqual(worker.logs.filter((line) => line === "boot"), []);

  for (const path of ["/w/a.b/socket.io/", "/w//socket.io/", `/w/${"x".repeat(65)}/socket.io/`, "/w/a%20b/socket.io/", "/socket.io/?world=a.b", "/socket.io/?world="]) {
    test(`${path.slice(0, 30)}: an invalid world name`, async () => {
      const { status, headers, body } = await request(`${worker.url}${path}${path.includes("?") ? "&" : "?"}EIO=4&transport=polling`);
      assert.equal(status, 404);
      assert.match(headers.get("content-type"), /^application\/json/);
      assert.match(JSON.parse(body).message, /64/);
      wakesNothing();
    });
  }

  for (const path of ["/w/conf/other/", "/socket.io", "/w/conf", "/engine.io/?EIO=4&transport=polling"]) {
    test(`${path}: an unknown path`, async () => {
      const { status, body } = await request(`${worker.url}${path}`);
      assert.equal(status, 404);
      assert.ok(JSON.parse(body).message);
      wakesNothing();
    });
  }

  const bad = [{}, { transport: "abc" }, { ...polling, EIO: 3 }, { ...polling, sid: "no/such" }, { transport: "websocket" }];
  for (const query of bad) {
    test(`${JSON.stringify(query)}: an invalid request`, async () => {
      assert.equal((await request(address(worker.url, PATH, query))).status, 400);
      assert.equal((await request(address(worker.url, PATH, query), { method: "POST", body: "40" })).status, 400);
      wakesNothing();
    });
  }

  test("a valid request wakes its world", async () => {
    await Poller.open(worker.url, `/w/${"x".repeat(64)}/socket.io/`);
    assert.equal(worker.boots("x".repeat(64)), 1);
  });
});
