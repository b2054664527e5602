// Clients that ask for a WebSocket and reset their connection at once: their WebSockets must end, and not keep the world awake for as
// long as it has another client.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Raw } from "../perf/attack/raw.mjs";
import { openWebSocket } from "./engine.mjs";
import { connectNamespace } from "./packets.mjs";
import { until } from "./waiting.mjs";
import { startWorker } from "./world.mjs";

const KEY = "0123456789abcdef";
const PATH = "/w/reset/socket.io/";
const RESETS = 200;
// The runtime loses track of some connections that are reset while it sends the response; without the Worker's pauses, of most.
const MAX_LOST = RESETS / 5;

/** Returns a function that asks what keeps the world awake, and one that describes the last answer. */
function awake(worker) {
  let told;
  const ask = async () => {
    const headers = { authorization: `Bearer ${KEY}` };
    told = await (await fetch(`${worker.url}/api/worlds/reset/awake`, { headers })).json();
    return told;
  };
  return [ask, () => `the others to be over: ${JSON.stringify(told)}`];
}

test("a WebSocket whose connection is reset during the handshake ends", async (t) => {
  const worker = await startWorker({ vars: { ADMIN_KEY: KEY, CONNECT_TIMEOUT_MS: "5000" } });
  t.after(() => worker.dispose());
  const other = await openWebSocket(worker.url, PATH);
  await connectNamespace(other);
  const resets = async () => {
    for (let n = 0; n < RESETS / 20; n++) {
      const raw = new Raw(new URL(worker.url));
      raw.upgrade(`${PATH}?EIO=4&transport=websocket`);
      await sleep(Math.random() * 20);
      raw.socket.resetAndDestroy();
      await raw.closed;
    }
  };
  await Promise.all(Array.from({ length: 20 }, resets));

  const [ask, seen] = awake(worker);
  // No session of theirs outlives the time in which a client must join.
  await until(async () => (await ask()).webSockets === 1, seen);
  await until(async () => (await ask()).closingWebSockets <= MAX_LOST, seen);
  // Those whose end the runtime does not notice go with the last client.
  other.close();
  await until(async () => (await ask()).webSockets === 0, seen);
  await until(() => worker.evict("reset").then(() => true, () => false), "the world to sleep", 90_000);
  await until(async () => (await ask()).closingWebSockets === 0, seen);
});

test("a WebSocket whose client is lost before the object's response is sent ends beside other clients", async (t) => {
  const vars = { ADMIN_KEY: KEY, CONNECT_TIMEOUT_MS: "1000" };
  const worker = await startWorker({ wrapper: "miniflare/fixtures/slow-response.js", vars });
  t.after(() => worker.dispose());
  const other = await openWebSocket(worker.url, PATH);
  await connectNamespace(other);
  const [ask, seen] = awake(worker);
  const raw = new Raw(new URL(worker.url));
  raw.upgrade(`${PATH}?EIO=4&transport=websocket&late=1`);
  await until(async () => (await ask()).webSockets === 2, seen);
  raw.socket.resetAndDestroy();
  await until(async () => {
    const { webSockets, closingWebSockets, unsentBytes } = await ask();
    return webSockets === 1 && closingWebSockets === 0 && unsentBytes === 0;
  }, seen);
  await until(() => worker.evict("reset"), "the world to sleep");
  other.close();
});
