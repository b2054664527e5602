// The cases of the published Engine.IO test suite, with the intervals that it requires: plain Engine.IO on /engine.io/, and the
// cases that are the same under Socket.IO also on /socket.io/.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Poller, Wire, address, openWebSocket, refusedWebSocket, request } from "./engine.mjs";
import { until } from "./waiting.mjs";
import { startWorker } from "./world.mjs";

const PING_INTERVAL = 300;
const PING_TIMEOUT = 200;
const HANDSHAKE = { pingInterval: PING_INTERVAL, pingTimeout: PING_TIMEOUT, maxPayload: 1_000_000 };

let worker;
let origin;
before(async () => {
  // The sessions on /socket.io/ join no namespace; socketio.test.mjs tests the timeout for that.
  const vars = { PING_INTERVAL_MS: String(PING_INTERVAL), PING_TIMEOUT_MS: String(PING_TIMEOUT), CONNECT_TIMEOUT_MS: "60000" };
  worker = await startWorker({ example: "echo", vars });
  origin = worker.url;
});
after(() => worker?.dispose());

const polling = { transport: "polling" };

for (const path of ["/engine.io/", "/socket.io/"]) {
  describe(path, () => {
    test("opens a session by polling", async () => {
      const { handshake } = await Poller.open(origin, path);
      const { sid, ...rest } = handshake;
      assert.ok(sid);
      assert.deepEqual(rest, { ...HANDSHAKE, upgrades: ["websocket"] });
    });

    test("opens a session on a WebSocket", async () => {
      const wire = await openWebSocket(origin, path);
      const { sid, ...rest } = wire.handshake;
      assert.ok(sid);
      assert.deepEqual(rest, { ...HANDSHAKE, upgrades: [] });
      await wire.close();
    });

    for (const EIO of [undefined, "abc"]) {
      test(`refuses EIO=${EIO}`, async () => {
        assert.equal((await request(address(origin, path, { ...polling, EIO }))).status, 400);
        assert.equal((await refusedWebSocket(address(origin, path, { transport: "websocket", EIO }))).status, 400);
      });
    }

    for (const transport of [undefined, "abc"]) {
      test(`refuses transport=${transport}`, async () => {
        assert.equal((await request(address(origin, path, { transport }))).status, 400);
        assert.equal((await refusedWebSocket(address(origin, path, { transport }))).status, 400);
      });
    }

    for (const method of ["POST", "PUT"]) {
      test(`opens no session by ${method}`, async () => {
        assert.equal((await request(address(origin, path, polling), { method })).status, 400);
      });
    }

    test("pings a polling client, which answers", async () => {
      const poller = await Poller.open(origin, path);
      for (let i = 0; i < 3; i++) {
        assert.equal((await poller.get()).body, "2");
        await poller.send("3");
      }
    });

    test("ends the session of a polling client that is silent", async () => {
      const poller = await Poller.open(origin, path);
      await sleep(PING_INTERVAL + PING_TIMEOUT); // not a limit: the suite's client waits as long
      // On a busy machine, GETs may still return the last packets.
      await until(async () => (await poller.get()).status === 400, "the end of the session");
      await poller.assertGone();
    });

    test("ends the session of a polling client that polls and does not answer", async () => {
      const poller = await Poller.open(origin, path);
      assert.equal((await poller.get()).body, "2");
      assert.equal((await poller.get()).body, "1");
      await poller.assertGone();
    });

    test("pings a WebSocket client, which answers", async () => {
      const wire = await openWebSocket(origin, path, { pong: false });
      // Without an answer, the session would end before the third.
      for (let i = 0; i < 3; i++) {
        await wire.expect("2");
        wire.send("3");
      }
      await wire.close();
    });

    test("closes a WebSocket whose client does not answer", async () => {
      const wire = await openWebSocket(origin, path, { pong: false });
      await wire.expect("2");
      await wire.closed();
      assert.deepEqual(wire.received.rest, []);
    });

    test("a polling client closes its session", async () => {
      const poller = await Poller.open(origin, path);
      const [got, posted] = await Promise.all([poller.get(), poller.post("1")]);
      assert.deepEqual([got.status, got.body], [200, "6"]);
      assert.deepEqual([posted.status, posted.body], [200, "ok"]);
      await poller.assertGone();
    });

    test("a WebSocket client closes its session", async () => {
      const wire = await openWebSocket(origin, path);
      wire.send("1");
      await wire.closed();
    });

    test("an invalid packet ends the session", async () => {
      const poller = await Poller.open(origin, path);
      assert.equal((await poller.post("abc")).status, 400);
      await poller.assertGone();
      const wire = await openWebSocket(origin, path);
      wire.send("abc");
      await wire.closed();
    });

    test("a GET and another WebSocket of an upgraded session are refused, and it continues", async () => {
      const poller = await Poller.open(origin, path);
      const wire = await poller.upgrade();
      assert.equal((await poller.get()).status, 400);
      const second = await poller.webSocket();
      await second.closed();
      const { pings } = wire;
      // The session survives the next ping, and the one after that.
      await until(() => wire.pings >= pings + 2, "two more pings");
      assert.equal(wire.ws.readyState, wire.ws.OPEN);
      await wire.close();
    });
  });
}

describe("messages on /engine.io/", () => {
  const payloads = {
    "one text": "4hello",
    "several texts": "4test1\x1e4test2\x1e4test3",
    "text and binary": "4hello\x1ebAQIDBA==",
    "more than ASCII": "4né ☃ \u{1f42d}\x1e4",
  };
  for (const [name, payload] of Object.entries(payloads)) {
    test(`${name}, by polling`, async () => {
      const poller = await Poller.open(origin);
      assert.deepEqual(await poller.post(payload).then(({ status, body }) => [status, body]), [200, "ok"]);
      for (const packet of payload.split("\x1e")) assert.equal(await poller.take(), packet);
    });
  }

  test("text and binary, on a WebSocket", async () => {
    const wire = await openWebSocket(origin);
    wire.send("4hello");
    await wire.expect("4hello");
    wire.send(Buffer.from([1, 2, 3, 4]));
    await wire.expect(Buffer.from([1, 2, 3, 4]));
    wire.send("4né ☃ \u{1f42d}");
    await wire.expect("4né ☃ \u{1f42d}");
    await wire.close();
  });

  test("two GETs at once end the session", async () => {
    const poller = await Poller.open(origin);
    const first = poller.get();
    await sleep(20);
    const second = await poller.get();
    assert.equal(second.status, 400);
    assert.deepEqual(await first.then(({ status, body }) => [status, body]), [200, "1"]);
    await poller.assertGone();
  });

  test("a GET that was aborted ends the session", async () => {
    const poller = await Poller.open(origin);
    const giveUp = new AbortController();
    const given = poller.get(giveUp.signal).catch((error) => error.name);
    await sleep(20);
    giveUp.abort();
    assert.equal(await given, "AbortError");
    assert.equal((await poller.get()).status, 400);
  });

  test("a session upgrades, and continues on the WebSocket", async () => {
    const poller = await Poller.open(origin);
    const wire = await poller.webSocket();
    wire.send("2probe");
    await wire.expect("3probe");
    assert.deepEqual(await poller.get().then(({ status, body }) => [status, body]), [200, "6"]);
    wire.send("5", "4hello");
    await wire.expect("4hello");

    assert.equal((await poller.get()).status, 400);
    await wire.assertEchoes();

    const second = await Wire.open(poller.url("websocket").replace("http", "ws"));
    await second.closed();
    await wire.assertEchoes();
    await wire.close();
  });
});
