// The rows that one client causes, counted in the runtime: each is billed. tests/row_rates.rs has the cases.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { openWebSocket } from "./engine.mjs";
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

const rowsOf = async (world) => (await (await fetch(`${worker.url}/test/${world}`)).json()).rows;

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
