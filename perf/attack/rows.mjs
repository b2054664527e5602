// The case `rows`: one client sends binary packets of ten attachments beside a long auth object. Each row that it causes is billed.

import { setTimeout as sleep } from "node:timers/promises";
import { Raw } from "./raw.mjs";

const WORLD = "rows";
const ATTACHMENTS = 10;
// Ten at once, and those of the roster.
const BURST = 12;

export const rows = {
  about: `60 kB/s in packets of ${ATTACHMENTS} attachments, beside 16 kB of auth`,
  wrapper: "miniflare/fixtures/count-rows.js",
  vars: () => ({}),

  /** Returns the rows of the table. */
  async run({ worker, short }) {
    const at = new URL(worker.url);
    const client = new Raw({ hostname: at.hostname, port: at.port, host: at.host });
    client.upgrade(`/w/${WORLD}/socket.io/?EIO=4&transport=websocket`);
    await client.match(/"sid"/, 30_000);
    client.frame(`40${JSON.stringify({ token: "a".repeat(16_000) })}`);
    await client.match(/40\{"sid"/, 30_000);
    const placeholders = Array.from({ length: ATTACHMENTS }, (_, num) => ({ _placeholder: true, num }));
    const began = Date.now();
    let packets = 0;
    while (Date.now() - began < (short ? 6 : 60) * 1000) {
      client.frame(`45${ATTACHMENTS}-${JSON.stringify(["module.x", ...placeholders])}`);
      for (let sent = 0; sent < ATTACHMENTS; sent++) client.frame(Buffer.alloc(600, packets), { opcode: 2 });
      packets += 1;
      await sleep(100);
    }
    const { rows: written, alarms } = await (await fetch(`${worker.url}/test/${WORLD}`)).json();
    const seconds = (Date.now() - began) / 1000;
    client.destroy();
    return [
      { what: "packets", value: packets },
      { what: `rows in ${seconds.toFixed(0)} s; alarms set`, value: `${written}; ${alarms}`, isBad: written === 0 || written > BURST + seconds },
    ];
  },
};
