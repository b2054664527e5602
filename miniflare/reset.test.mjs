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

test("a WebSocket whose connection is reset during the handshake ends", async (t) => {
  // No session ends by a timeout of its own during this test.
  const worker = await startWorker({ vars: { ADMIN_KEY: KEY, CONNECT_TIMEOUT_MS: "600000", PING_TIMEOUT_MS: "600000" } });
  t.after(() => worker.dispose());
  const other = await openWebSocket(worker.url, PATH);
  await connectNamespace(other);
  const resets = async () => {
    for (let n = 0; n < 10; n++) {
      const raw = new Raw(new URL(worker.url));
      raw.upgrade(`${PATH}?EIO=4&transport=websocket`);
      await sleep(Math.random() * 20);
      raw.socket.resetAndDestroy();
      await raw.closed;
    }
  };
  await Promise.all(Array.from({ length: 20 }, resets));

  let told;
  const isOver = async () => {
    const headers = { authorization: `Bearer ${KEY}` };
    told = await (await fetch(`${worker.url}/api/worlds/reset/awake`, { headers })).json();
    return told.webSockets === 1 && told.closingWebSockets === 0 && told.unsentBytes === 0;
  };
  await until(isOver, () => `the others to be over: ${JSON.stringify(told)}`);
  await until(() => worker.evict("reset"), "the world to sleep");
  assert.equal(await isOver(), true);
});
