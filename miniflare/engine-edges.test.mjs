// Edge cases of Engine.IO that real clients depend on, on /engine.io/ of examples/echo.

import assert from "node:assert/strict";
import { request as httpRequest } from "node:http";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Poller, address, assertRefused, openWebSocket, refusedWebSocket, request } from "./engine.mjs";
import { until, within } from "./waiting.mjs";
import { startWorker } from "./world.mjs";

const MAX_PAYLOAD = 1_000_000;

let worker;
let origin;
before(async () => {
  worker = await startWorker({ example: "echo", vars: { UPGRADE_TIMEOUT_MS: "3000" } });
  origin = worker.url;
});
after(() => worker?.dispose());

const polling = { transport: "polling" };
const unknown = "A".repeat(20);

describe("refusals", () => {
  const page = { origin: "https://page.example" };
  const at = (query) => address(origin, "/engine.io/", query);
  const websocket = { transport: "websocket" };

  const cases = [
    ["no transport", () => request(at({}), { headers: page }), 0],
    ["an unknown transport", () => request(at({ transport: "carrier-pigeon" }), { headers: page }), 0],
    ["an unknown session's GET", () => request(at({ ...polling, sid: unknown }), { headers: page }), 1],
    ["an unknown session's POST", () => request(at({ ...polling, sid: unknown }), { method: "POST", body: "3", headers: page }), 1],
    ["an unknown session's WebSocket", () => refusedWebSocket(at({ ...websocket, sid: unknown }), page), 1],
    ["an invalid session id", () => request(at({ ...polling, sid: "no/such" }), { headers: page }), 1],
    ["a handshake by POST", () => request(at(polling), { method: "POST", headers: page }), 2],
    ["a handshake by PUT", () => request(at(polling), { method: "PUT", headers: page }), 2],
    ["a GET for a WebSocket that does not ask for one", () => request(at(websocket), { headers: page }), 3],
    ["a WebSocket for polling", () => refusedWebSocket(at(polling), page), 3],
    ["no EIO", () => request(at({ ...polling, EIO: undefined }), { headers: page }), 5],
    ["EIO=3", () => request(at({ ...polling, EIO: 3 }), { headers: page }), 5],
    ["EIO=3 on a WebSocket", () => refusedWebSocket(at({ ...websocket, EIO: 3 }), page), 5],
  ];
  for (const [name, ask, code] of cases) {
    test(`${name}: code ${code}, which a page may read`, async () => {
      const answer = await ask();
      assertRefused(answer, code);
      assert.equal(answer.headers.get("access-control-allow-origin"), "*");
    });
  }
});

describe("answers", () => {
  test("have the types and the caching that clients and proxies expect", async () => {
    const poller = await Poller.open(origin, "/engine.io/", { headers: { origin: "https://page.example" } });
    const posted = await poller.post("4hello");
    const got = await poller.get();
    assert.deepEqual([posted.status, posted.body, posted.headers.get("content-type")], [200, "ok", "text/html"]);
    assert.deepEqual([got.status, got.body, got.headers.get("content-type")], [200, "4hello", "text/plain; charset=UTF-8"]);
    for (const answer of [posted, got]) {
      assert.equal(answer.headers.get("cache-control"), "no-store");
      assert.equal(answer.headers.get("access-control-allow-origin"), "*");
    }
  });
});

describe("polling", () => {
  test("a second GET gets 400, the first a close, and the session is gone", async () => {
    const poller = await Poller.open(origin);
    const first = poller.get();
    await sleep(50);
    assertRefused(await poller.get(), 3);
    assert.deepEqual(await first.then(({ status, body }) => [status, body]), [200, "1"]);
    await poller.assertGone();
  });

  test("a second POST while one is under way gets 400, and the session is gone", async () => {
    const poller = await Poller.open(origin);
    const slow = httpRequest(poller.url(), { method: "POST", headers: { "content-type": "text/plain;charset=UTF-8", "content-length": "12" } });
    const ended = new Promise((resolve) => slow.on("error", resolve).on("response", resolve));
    slow.write("4half"); // the rest never comes
    await sleep(200);
    assertRefused(await poller.post("4second"), 3);
    await poller.assertGone();
    slow.destroy();
    await within(ended, "the end of the first POST");
  });

  test("several POSTs one after the other are accepted", async () => {
    const poller = await Poller.open(origin);
    for (const n of [1, 2, 3]) await poller.send(`4${n}`);
    assert.deepEqual([await poller.take(), await poller.take(), await poller.take()], ["41", "42", "43"]);
  });

  test("a POST of a close ends the hanging GET with a noop", async () => {
    const poller = await Poller.open(origin);
    const hanging = poller.get();
    await sleep(50);
    await poller.send("1");
    assert.deepEqual(await hanging.then(({ status, body }) => [status, body]), [200, "6"]);
    await poller.assertGone();
  });

  test("an empty POST is accepted", async () => {
    const poller = await Poller.open(origin);
    const { status, body } = await poller.post("");
    assert.deepEqual([status, body], [200, "ok"]);
    await poller.send("4still here");
    assert.equal(await poller.take(), "4still here");
  });

  test("a POST of octets gets 400, and the session is gone", async () => {
    const poller = await Poller.open(origin);
    assertRefused(await poller.post("4hello", { "content-type": "application/octet-stream" }), 3);
    await poller.assertGone();
  });

  test("a POST of the largest size is accepted, and one byte more is not", async () => {
    const poller = await Poller.open(origin);
    const largest = `4${"x".repeat(MAX_PAYLOAD - 1)}`;
    await poller.send(largest);
    assert.equal(await poller.take(), largest);
    const { status, body } = await poller.post(`${largest}x`);
    assert.deepEqual([status, body], [413, ""]);
  });

  test("a POST without a content-length is refused if it is too long, too", async () => {
    const poller = await Poller.open(origin);
    const body = new ReadableStream({
      start(stream) {
        stream.enqueue(Buffer.from("4"));
        for (let i = 0; i < 11; i++) stream.enqueue(Buffer.alloc(100_000, "x"));
        stream.close();
      },
    });
    assert.equal((await poller.post(body)).status, 413);
  });

  test("a ping from the client ends the session", async () => {
    const poller = await Poller.open(origin);
    await poller.post("2");
    await poller.assertGone();
  });

  for (const body of ["x", "4one\x1e", "9", "bno base64!"]) {
    test(`a POST of ${JSON.stringify(body)} ends the session`, async () => {
      const poller = await Poller.open(origin);
      await poller.post(body);
      await poller.assertGone();
    });
  }
});

describe("WebSocket", () => {
  test("a message of the largest size is accepted, and one byte more closes with 1009", async () => {
    const wire = await openWebSocket(origin);
    const largest = `4${"x".repeat(MAX_PAYLOAD - 1)}`;
    await wire.assertEchoes(largest);
    wire.send(`${largest}x`);
    assert.deepEqual(await wire.closed(), { code: 1009, reason: "" });
    const binary = await openWebSocket(origin);
    binary.send(Buffer.alloc(MAX_PAYLOAD + 1));
    assert.deepEqual(await binary.closed(), { code: 1009, reason: "" });
    const umlauts = await openWebSocket(origin); // bytes count, not characters
    umlauts.send(`4${"ü".repeat(MAX_PAYLOAD / 2)}`);
    assert.deepEqual(await umlauts.closed(), { code: 1009, reason: "" });
  });

  for (const frame of ["2", "2probe", "", "x", "9", "7", "bno base64!"]) {
    test(`${JSON.stringify(frame)} from the client closes`, async () => {
      const bystander = await openWebSocket(origin);
      const wire = await openWebSocket(origin);
      await wire.assertEchoes();
      wire.send(frame);
      await wire.closed();
      assert.deepEqual(wire.received.rest, []);
      await bystander.assertEchoes();
      await bystander.close();
    });
  }

  test("base64 in a text frame is binary", async () => {
    const wire = await openWebSocket(origin);
    wire.send("bAQIDBA==");
    await wire.expect(Buffer.from([1, 2, 3, 4]));
    await wire.close();
  });
});

describe("upgrade", () => {
  /** Asserts that the session still polls: what it posts is echoed. */
  const assertPolls = async (poller) => {
    await poller.send("4by polling");
    for (;;) {
      const packet = await poller.take();
      if (packet === "6") continue; // from an earlier probe
      return assert.equal(packet, "4by polling");
    }
  };

  test("between 3probe and 5, every GET is ended with a noop", async () => {
    const poller = await Poller.open(origin);
    const wire = await poller.webSocket();
    const hanging = poller.get();
    await sleep(50);
    wire.send("2probe");
    await wire.expect("3probe");
    assert.equal((await hanging).body, "6");
    for (let i = 0; i < 3; i++) assert.equal((await poller.get()).body, "6");
    wire.send("5");
    await wire.assertEchoes();
    await wire.close();
  });

  test("packets that waited for a GET arrive on the new transport", async () => {
    const poller = await Poller.open(origin);
    await poller.send("4one", "4two");
    const wire = await poller.upgrade();
    await wire.expect("4one", "4two");
    await wire.close();
  });

  for (const frame of ["4hello", "1", "2", "x", ""]) {
    test(`${JSON.stringify(frame)} instead of a probe closes the new transport only`, async () => {
      const poller = await Poller.open(origin);
      const wire = await poller.webSocket();
      wire.send(frame);
      await wire.closed();
      await assertPolls(poller);
      await (await poller.upgrade()).close(); // it may try again
    });
  }

  test("a new transport that is lost leaves the session polling", async () => {
    const poller = await Poller.open(origin);
    const wire = await poller.webSocket();
    wire.send("2probe");
    await wire.expect("3probe");
    wire.ws.terminate();
    await assertPolls(poller);
    // The server notices the loss later; until then, the first probe still counts.
    await until(async () => {
      const again = await poller.webSocket();
      again.send("2probe");
      const answer = await again.take().catch(() => undefined);
      if (answer !== "3probe") return false;
      again.send("5");
      await again.assertEchoes();
      await again.close();
      return true;
    }, "another upgrade");
  });

  for (const [name, frames] of [["after the probe", ["2probe"]], ["before the probe", []]]) {
    test(`a new transport that takes too long ${name} is closed, and the session continues to poll`, async () => {
      const poller = await Poller.open(origin);
      const wire = await poller.webSocket();
      wire.send(...frames);
      await wire.closed();
      await assertPolls(poller);
    });
  }

  test("a second probe is closed and does not disturb the first", async () => {
    const poller = await Poller.open(origin);
    const first = await poller.webSocket();
    first.send("2probe");
    await first.expect("3probe");
    const second = await poller.webSocket();
    await second.closed();
    first.send("5");
    await first.assertEchoes();
    await first.close();
  });

  test("afterwards, another WebSocket is closed and a GET refused, and the session continues", async () => {
    const poller = await Poller.open(origin);
    const wire = await poller.upgrade();
    await wire.assertEchoes();
    const second = await poller.webSocket();
    second.send("2probe");
    await second.closed();
    assert.deepEqual(second.received.rest, []);
    await wire.assertEchoes();
    assertRefused(await poller.get(), 3);
    await wire.assertEchoes();
    await wire.close();
    await until(async () => JSON.parse((await poller.get()).body).code === 1, "the end of the session");
  });
});
