// The case `full`: the database of a world is full. Clients must still join it, and be answered, and nobody is closed.

import { answers } from "./memory.mjs";

const WORLD = "full";

export const full = {
  about: "a world whose database is full",
  example: "rows",
  wrapper: "miniflare/fixtures/full-storage.js",
  vars: () => ({}),

  /** Returns the rows of the table. */
  async run({ worker, short }) {
    const { io } = await import("socket.io-client");
    const call = { method: "POST", body: JSON.stringify({ pages: 4, fill: true }) };
    await (await fetch(`${worker.url}/test/${WORLD}`, call)).text();
    const client = io(worker.url, { path: `/w/${WORLD}/socket.io/`, transports: ["websocket"], forceNew: true, reconnection: false });
    let closed = 0;
    client.on("disconnect", () => (closed += 1));
    // Fewer than the rows that a client may cause at once.
    const tries = short ? 10 : 90;
    let told = 0;
    for (let number = 0; number < tries; number++) {
      const [answer] = [await client.timeout(30_000).emitWithAck("put", `key ${number}`, "x".repeat(5_000))];
      told += Number(answer?.error?.code === "INTERNAL_SERVER_ERROR");
    }
    let joined = 0;
    for (let number = 0; number < (short ? 3 : 30); number++) joined += Number(await answers(worker.url, WORLD, ["get", "key"]));
    const ends = closed;
    client.disconnect();
    return [
      { what: "writes that were told to have failed", value: `${told} of ${tries}`, isBad: told < tries },
      { what: "clients that joined and were answered", value: joined, isBad: joined < (short ? 3 : 30) },
      { what: "clients that were closed", value: ends, isBad: ends > 0 },
    ];
  },
};
