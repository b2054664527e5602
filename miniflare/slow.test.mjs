// Clients that do not read: they must not use a world's memory for long, keep it awake, or disturb other clients.

import assert from "node:assert/strict";
import { connect } from "node:net";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Poller, assertRefused, openWebSocket, request } from "./engine.mjs";
import { connectNamespace } from "./packets.mjs";
import { until } from "./waiting.mjs";
import { startWorker } from "./world.mjs";

const CHUNK = Buffer.alloc(200_000, 1);
// 26 MB in all: the kernel buffers about 4 MB for a client that does not read, and the runtime does not count these. Of the
// others, 16 MB may wait.
const CHUNKS = 130;

const ADMIN_KEY = "correct-horse-battery-staple";

let worker;
let flooded;
before(async () => {
  worker = await startWorker({ vars: { ADMIN_KEY } });
});
after(() => worker?.dispose());

async function join(world) {
  const wire = await openWebSocket(worker.url, `/w/${world}/socket.io/`);
  await connectNamespace(wire);
  return wire;
}

/** Sends large events, each after the acknowledgement of the one before. If it is refused, waits as long as it is told. */
async function flood(sender, chunks = CHUNKS) {
  for (let n = 0; n < chunks; ) {
    sender.send(`451-${n}["module.flood",${n},{"_placeholder":true,"num":0}]`, CHUNK);
    const answer = await sender.take("an acknowledgement");
    if (answer.startsWith(`43${n}[{"error":{"code":"RATE_LIMITED"`)) {
      await sleep(JSON.parse(answer.slice(`43${n}`.length))[0].error.retryAfterMs);
      continue;
    }
    assert.equal(answer, `461-${n}[${n},{"_placeholder":true,"num":0}]`);
    assert.ok(CHUNK.equals(await sender.take("its attachment")));
    n += 1;
  }
}

/** Has a client read at most so many bytes a second. Returns the client. */
function throttle(wire, bytesPerSecond) {
  let next = 0;
  wire.ws._socket.on("data", ({ length }) => {
    const now = performance.now();
    next = Math.max(next, now) + (length / bytesPerSecond) * 1_000;
    wire.ws.pause();
    setTimeout(() => wire.ws.resume(), next - now);
  });
  return wire;
}

/** Returns how many clients a world has. */
async function clientsIn(world) {
  const headers = { authorization: `Bearer ${ADMIN_KEY}` };
  const { body } = await request(`${worker.url}/api/worlds/${world}/fetch`, { headers });
  return JSON.parse(body).matched;
}

/** Returns how many events of the flood a reader got; asserts that they are in order, each with its attachment. */
function countFlood(frames) {
  let count = 0;
  for (let i = 0; i + 1 < frames.length; i += 2) {
    assert.equal(frames[i], `451-["module.flood",${count},{"_placeholder":true,"num":0}]`);
    assert.ok(CHUNK.equals(frames[i + 1]));
    count += 1;
  }
  return count;
}

// Concurrent, because these tests mostly wait. So none may evict a world that something keeps awake: that blocks the whole
// process, with the clients of the other tests.
describe("a client that does not read", { concurrency: true }, () => {
  test("is closed with 1013, and the other clients get everything", async () => {
    const [sender, reader, slow] = await Promise.all([join("flood"), join("flood"), join("flood")]);
    slow.ws.pause();
    await flood(sender);
    await until(() => reader.received.rest.length === 2 * CHUNKS, "the reader to get all of it");
    assert.equal(countFlood(reader.received.rest), CHUNKS);

    slow.ws.resume();
    const { code } = await slow.closed();
    assert.equal(code, 1013);
    const got = countFlood(slow.received.rest);
    assert.ok(got > 0 && got < CHUNKS, `it got ${got} of ${CHUNKS}`);

    sender.send('421["module.after"]');
    await sender.expect("431[]");
    await until(() => reader.received.rest.at(-1) === '42["module.after"]', "the reader to hear the next event");
    assert.equal(worker.boots("flood"), 1);
    flooded = { sender, reader };
  });

  test("one large packet does not mark a client as slow", async () => {
    const [sender, reader] = await Promise.all([join("large"), join("large")]);
    const part = Buffer.alloc(990_000, 2);
    const places = [0, 1, 2, 3].map((num) => JSON.stringify({ _placeholder: true, num })).join();
    for (let n = 0; n < 3; n++) {
      sender.send(`454-["module.large",${places}]`, part, part, part, part);
      sender.send(`42${n}["module.behind"]`);
      await sender.expect(`43${n}[]`);
      await until(() => reader.received.rest.length === 6 * (n + 1), "the reader to get all of it");
      assert.equal(reader.received.rest.at(-1), '42["module.behind"]');
    }
    await Promise.all([sender.close(), reader.close()]);
  });

  test("is closed when it has read nothing for some seconds, at the next packet", async () => {
    const [sender, slow] = await Promise.all([join("stalled"), join("stalled")]);
    slow.ws.pause();
    await flood(sender, 40);
    // It reads of its close only later.
    let asked = 0;
    await until(async () => {
      sender.send(`42${++asked}["module.next"]`);
      await sender.expect(`43${asked}[]`);
      return (await clientsIn("stalled")) === 1;
    }, "the world to close it", 60_000);
    slow.ws.resume();
    const { code } = await slow.closed();
    assert.equal(code, 1013);
    await sender.close();
  });

  for (const [size, count] of [[240_000, 20], [60_000, 3], [60_000, 1], [200_000, 1]]) {
    test(`with the default rates, a burst of ${size} bytes an event closes none of ${count} readers, and its sender is told`, async (t) => {
      // The bursts of several clients at once are more than an isolate keeps.
      const alone = await startWorker();
      t.after(() => alone.dispose());
      const join = async () => {
        const wire = await openWebSocket(alone.url, "/w/told/socket.io/");
        await connectNamespace(wire);
        return wire;
      };
      const [sender, innocent] = await Promise.all([join(), join()]);
      const readers = await Promise.all(Array.from({ length: count }, async () => throttle(await join(), 1_250_000)));
      const picture = "x".repeat(size);
      let [told, sent] = ["", 0];
      while (!told && sent * size < 40_000_000) {
        sender.send(`42${sent}["module.picture","${picture}"]`);
        const answer = await sender.take("an acknowledgement");
        if (answer.includes("RATE_LIMITED")) told = answer;
        else sent += 1;
      }
      assert.match(told, /"retryAfterMs":\d+/);
      innocent.send(`42["module.picture","${"y".repeat(300_000)}"]`, '420["module.here"]');
      await until(() => innocent.received.rest.at(-1) === "430[]", "the other client to be served");
      const isDone = ({ received, ws }) => received.rest.length === sent + 2 || ws.readyState > 1;
      await until(() => readers.every(isDone), () => `${sent + 2} events; read: ${readers.map(({ received }) => received.rest.length)}`, 120_000);
      assert.deepEqual(readers.filter(({ ws }) => ws.readyState !== 1), [], "readers were closed");
      await Promise.all([sender, innocent, ...readers].map((wire) => wire.close()));
    });
  }

  test("the burst of one client closes none that reads on, whatever waits for it", async () => {
    // The bursts of one client are 160 MB for all of them.
    const patient = await startWorker({ vars: { PING_INTERVAL_MS: "600000", ISOLATE_BYTES: "1000000000", MAX_QUEUED_BYTES_PER_SECOND: "1000000000" } });
    try {
      const sender = await openWebSocket(patient.url, "/w/burst/socket.io/");
      await connectNamespace(sender);
      const readers = await Promise.all(
        Array.from({ length: 20 }, async () => {
          const wire = await openWebSocket(patient.url, "/w/burst/socket.io/");
          await connectNamespace(wire);
          return throttle(wire, 1_250_000);
        }),
      );
      const picture = "x".repeat(240_000);
      for (let n = 0; n < 60; n++) {
        sender.send(`42["module.picture",${n},"${picture}"]`);
        await sleep(2_000 / 60);
      }
      const counts = () => `all of it to be read: ${readers.map(({ received }) => received.rest.length)}`;
      await until(() => readers.every(({ received, ws }) => received.rest.length === 60 || ws.readyState > 1), counts, 120_000);
      for (const { received } of readers) {
        assert.deepEqual(received.rest.map((frame) => frame.slice(0, 25)), Array.from({ length: 60 }, (_, n) => `42["module.picture",${n},"x`.padEnd(25, "x")));
      }
      sender.send('420["module.after"]');
      await sender.expect("430[]");
      await until(() => readers.every(({ received }) => received.rest.at(-1) === '42["module.after"]'), "all to hear the next event");
      await Promise.all([sender, ...readers].map((wire) => wire.close()));
    } finally {
      await patient.dispose();
    }
  });

  test("is closed when it owes most of the memory that all worlds share, and no other is", async () => {
    const small = await startWorker({ vars: { PING_INTERVAL_MS: "600000", ISOLATE_BYTES: "20000000", MAX_QUEUED_BYTES_PER_SECOND: "1000000000" } });
    const enter = async (world) => {
      const wire = await openWebSocket(small.url, `/w/${world}/socket.io/`);
      await connectNamespace(wire);
      return wire;
    };
    try {
      const [sender, debtor] = await Promise.all([enter("debtor"), enter("debtor")]);
      debtor.ws.pause();
      await flood(sender, 80);
      const others = await Promise.all(Array.from({ length: 6 }, () => enter("neighbour")));
      const [other, ...readers] = others;
      for (const { ws } of readers) ws.pause();
      await flood(other, 32);
      await until(() => small.logs.some((line) => /short of memory/.test(line)), "the log to say so");
      debtor.ws.resume();
      assert.equal((await debtor.closed()).code, 1013);
      for (const { ws } of readers) ws.resume();
      await until(() => readers.every(({ received }) => received.rest.length === 64), "the neighbours to get all of it");
      for (const wire of [sender, other]) {
        wire.send('427["module.after"]');
        await wire.expect("437[]");
      }
      assert.equal(small.logs.filter((line) => /short of memory/.test(line)).length, 1);
      await Promise.all([sender, ...others].map((wire) => wire.close()));
    } finally {
      await small.dispose();
    }
  });

  test("a second WebSocket that does not answer its close keeps no world awake", async () => {
    const first = await openWebSocket(worker.url, "/w/second/socket.io/");
    const { sid } = first.handshake;
    await connectNamespace(first);
    const { hostname, port } = new URL(worker.url);
    const raw = connect(Number(port), hostname);
    let got = Buffer.alloc(0);
    raw.on("data", (data) => (got = Buffer.concat([got, data])));
    raw.write(
      `GET /w/second/socket.io/?EIO=4&transport=websocket&sid=${sid} HTTP/1.1\r\nHost: ${hostname}\r\nConnection: Upgrade\r\n` +
        "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    );
    await until(() => got.subarray(-4).equals(Buffer.from([0x88, 2, 0x03, 0xe8])), () => `its close frame, after ${got}`);
    assert.equal(await worker.evict("second"), true);
    first.send('420["module.awake"]');
    await first.expect("430[]");
    raw.destroy();
    await first.close();
  });

  test("a polling client that does not poll is dropped when too many bytes wait for it", async () => {
    const sender = await join("unread");
    const poller = await Poller.open(worker.url, "/w/unread/socket.io/");
    await poller.send("40");
    assert.match(await poller.take(), /^40\{/);
    await flood(sender);
    await poller.assertGone();
    assert.equal(await worker.evict("unread"), true);
    await sender.close();
  });

  test("a poll whose client vanished ends with its session, and the world can hibernate", async () => {
    const quick = await startWorker({ vars: { PING_INTERVAL_MS: "2000", PING_TIMEOUT_MS: "1000" } });
    try {
      const poller = await Poller.open(quick.url, "/w/vanished/socket.io/");
      await poller.send("40");
      assert.match(await poller.take(), /^40\{/);
      const vanish = new AbortController();
      const hanging = poller.get(vanish.signal).catch((error) => error.name);
      await sleep(200); // so that the GET hangs
      vanish.abort();
      assert.equal(await hanging, "AbortError");
      // An empty POST is accepted while the session exists, and does not count as a sign of life.
      const refusal = await until(async () => {
        const answer = await poller.post("");
        return answer.status !== 200 && answer;
      }, "the end of the session");
      assertRefused(refusal, 1);
      assert.equal(await quick.evict("vanished"), true);
      await poller.assertGone();
      assert.equal(quick.boots("vanished"), 2);
    } finally {
      await quick.dispose();
    }
  });

  test("a client that does not read even its close does not keep an otherwise empty world awake", async () => {
    const [sender, slow] = await Promise.all([join("lonely"), join("lonely")]);
    slow.ws.pause();
    await flood(sender);
    await sender.close();
    await until(() => worker.logs.some((line) => /does not read/.test(line)), "the world to drop the connection", 120_000);
    const next = await join("lonely");
    assert.equal(worker.boots("lonely"), 2);
    next.send('421["module.after"]');
    await next.expect("431[]");
    await next.close();
    slow.ws.terminate();
  });
});

test("afterwards, their worlds can hibernate, and continue", async () => {
  const { sender, reader } = flooded;
  for (const world of ["flood", "lonely"]) await worker.evict(world); // fails if something keeps it awake
  const boots = worker.boots("flood");
  sender.send('422["module.asleep"]');
  await sender.expect("432[]");
  await until(() => reader.received.rest.at(-1) === '42["module.asleep"]', "the reader to hear it");
  assert.equal(worker.boots("flood"), boots + 1);
  await Promise.all([sender.close(), reader.close()]);
});

// The server tells each of them that others have left. Some are lost already without the server's knowledge, and never read it.
test("clients that are lost at the same time, and are told of each other, keep no world awake", async (t) => {
  const rows = await startWorker({ example: "rows" });
  t.after(() => rows.dispose());
  const enter = async () => {
    const wire = await openWebSocket(rows.url, "/w/lost/socket.io/");
    await connectNamespace(wire);
    return wire;
  };
  const [stays, ...lost] = await Promise.all(Array.from({ length: 11 }, enter));
  for (const wire of lost) wire.send("40/watch,");
  await Promise.all(lost.map((wire) => until(() => wire.received.rest.some((frame) => `${frame}`.startsWith("40/watch,")), "/watch")));
  await until(() => rows.evict("lost"), "the world to fall asleep");
  for (const wire of lost) wire.ws.terminate();
  stays.send('421["echo",1]');
  await until(() => stays.received.rest.some((frame) => `${frame}`.startsWith("431")), "an answer");
  await until(() => rows.evict("lost"), "the world to fall asleep again");
});
