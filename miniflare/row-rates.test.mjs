// The rows that one client causes, counted in the runtime: each is billed. tests/row_rates.rs has the cases.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Clients, ask, upgraded } from "./clients.mjs";
import { openWebSocket } from "./engine.mjs";
import { until } from "./waiting.mjs";
import { startWorker } from "./world.mjs";

const AUTH = JSON.stringify({ token: "a".repeat(16_000) });
const ATTACHMENTS = 10;
// Ten at once, and those of the roster.
const BURST = 10 + 2;
const SECONDS = 12;

let worker;
before(async () => {
  worker = await startWorker({ example: "rows", wrapper: "miniflare/fixtures/count-rows.js" });
});
after(() => worker?.dispose());

const countsOf = async (world) => (await fetch(`${worker.url}/test/${world}`)).json();
const rowsOf = async (world) => (await countsOf(world)).rows;

// The runtime sends nothing while a write is under way. tests/shell.rs has more cases.
for (const transports of [["polling", "websocket"], ["websocket"], ["polling"]]) {
  test(`nothing is written while a client connects, gets an answer and leaves: ${transports}`, async () => {
    const world = `waits-${transports.join("-")}`;
    const clients = new Clients(worker.url);
    for (let visit = 1; visit <= 2; visit++) {
      const before = (await countsOf(world)).rows;
      const socket = await clients.join(world, { transports });
      if (transports.length > 1) await upgraded(socket);
      await ask(socket, "echo", 1);
      // Half a second later, the roster is written, and the alarm is set if there is a WebSocket.
      const sets = transports.includes("websocket") ? visit : 0;
      await until(async () => (await countsOf(world)).rows > before && (await countsOf(world)).alarms === sets, () => `visit ${visit}: what it caused is written`);
      const { rows } = await countsOf(world);
      socket.disconnect();
      await until(async () => (await rowsOf(world)) > rows, () => `visit ${visit}: the roster is deleted`);
    }
    const { asked, confirmed } = await countsOf(world);
    assert.deepEqual({ asked, confirmed }, { asked: 0, confirmed: 0 });
    clients.closeAll();
  });
}

for (const asleep of [false, true]) {
  test(`binary packets beside a long auth object cost a row a second at most: ${asleep ? "hibernated" : "awake"}`, async (t) => {
    const world = `rows-${asleep}`;
    const wire = await openWebSocket(worker.url, `/w/${world}/socket.io/`);
    wire.send(`40${AUTH}`);
    assert.match(await wire.take(), /^40\{/);
    const placeholders = Array.from({ length: ATTACHMENTS }, (_, num) => ({ _placeholder: true, num }));
    const packet = `45${ATTACHMENTS}-${JSON.stringify(["module.x", ...placeholders])}`;
    const began = Date.now();
    let packets = 0;
    let naps = 0;
    while (Date.now() - began < SECONDS * 1000) {
      wire.send(packet);
      for (let sent = 0; sent < ATTACHMENTS; sent++) wire.send(new Uint8Array(600).fill(packets));
      packets += 1;
      await sleep(100);
      // What waits to be written keeps it awake.
      if (asleep && packets % 10 === 0 && (await worker.evict(world).catch(() => false))) naps += 1;
    }
    const rows = await rowsOf(world);
    const seconds = (Date.now() - began) / 1000;
    assert.ok(packets > SECONDS, `${packets} packets`);
    assert.ok(rows > 0, "they are counted");
    const told = `${rows} rows in ${seconds.toFixed(1)} s, by ${packets} packets and ${naps} naps`;
    t.diagnostic(told);
    assert.ok(rows <= BURST + seconds, told);
    assert.equal(wire.ws.readyState, WebSocket.OPEN);
    await wire.close();
  });
}
