// The cases of the published Socket.IO test suite, with raw WebSockets and the intervals that it requires. Its cases of
// Engine.IO are in engine.test.mjs.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { openWebSocket } from "./engine.mjs";
import { joinNamespace, openSocketIo } from "./packets.mjs";
import { startWorker } from "./world.mjs";

let worker;
let origin;
before(async () => {
  const vars = { PING_INTERVAL_MS: "300", PING_TIMEOUT_MS: "200", CONNECT_TIMEOUT_MS: "1000" };
  worker = await startWorker({ example: "echo", vars });
  origin = worker.url;
});
after(() => worker?.dispose());

describe("CONNECT", () => {
  for (const [namespace, prefix] of [["/", ""], ["/custom", "/custom,"]]) {
    for (const auth of [undefined, { token: "123" }]) {
      test(`joins ${namespace} with ${auth ? "a" : "no"} payload`, async () => {
        const wire = await openWebSocket(origin, "/socket.io/");
        wire.send(`40${prefix}${auth ? JSON.stringify(auth) : ""}`);
        const answer = await wire.take();
        assert.ok(answer.startsWith(`40${prefix}{`), answer);
        const connected = JSON.parse(answer.slice(2 + prefix.length));
        assert.deepEqual(Object.keys(connected), ["sid"]);
        assert.equal(typeof connected.sid, "string");
        await wire.expect(`42${prefix}${JSON.stringify(["auth", auth ?? {}])}`);
        await wire.close();
      });
    }
  }

  test("to an unknown namespace is refused", async () => {
    const wire = await openWebSocket(origin, "/socket.io/");
    wire.send("40/random");
    await wire.expect('44/random,{"message":"Invalid namespace"}');
    await wire.close();
  });

  test("that cannot be read closes", async () => {
    const wire = await openWebSocket(origin, "/socket.io/");
    wire.send("4abc");
    await wire.closed();
  });

  test("that does not come in time closes", async () => {
    const wire = await openWebSocket(origin, "/socket.io/");
    await wire.closed();
    assert.deepEqual(wire.received.rest, []);
    assert.ok(wire.pings > 1, "it was not the heartbeat that closed it");
  });
});

describe("DISCONNECT", () => {
  test("of / leaves the connection alive", async () => {
    const wire = await openSocketIo(origin, { pong: false });
    wire.send("41");
    await wire.expect("2");
    await wire.close();
  });

  test("of /custom leaves / alone", async () => {
    const wire = await openSocketIo(origin);
    await joinNamespace(wire, "/custom");
    wire.send("41/custom", '42["message","message to main namespace"]');
    await wire.expect('42["message-back","message to main namespace"]');
    await wire.close();
  });
});

describe("EVENT", () => {
  const bytes = [Buffer.from([1, 2, 3]), Buffer.from([4, 5, 6])];
  const placeholders = '{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}';

  test("with text", async () => {
    const wire = await openSocketIo(origin);
    wire.send('42["message",1,"2",{"3":[true]}]');
    await wire.expect('42["message-back",1,"2",{"3":[true]}]');
    await wire.close();
  });

  test("with attachments", async () => {
    const wire = await openSocketIo(origin);
    wire.send(`452-["message",${placeholders}]`, ...bytes);
    await wire.expect(`452-["message-back",${placeholders}]`, ...bytes);
    await wire.close();
  });

  test("with an ack", async () => {
    const wire = await openSocketIo(origin);
    wire.send('42456["message-with-ack",1,"2",{"3":[false]}]');
    await wire.expect('43456[1,"2",{"3":[false]}]');
    await wire.close();
  });

  test("with attachments and an ack", async () => {
    const wire = await openSocketIo(origin);
    wire.send(`452-789["message-with-ack",${placeholders}]`, ...bytes);
    await wire.expect(`462-789[${placeholders}]`, ...bytes);
    await wire.close();
  });

  for (const packet of ["4abc", "42{}", '42abc["message-with-ack",1,"2",{"3":[false]}]']) {
    test(`${packet} closes`, async () => {
      const wire = await openSocketIo(origin);
      wire.send(packet);
      await wire.closed();
      assert.deepEqual(wire.received.rest, []);
    });
  }
});
