// The cases `post` and `frames`: one client asks for 800,000 deliveries at once, in one POST or in small frames. Another world of
// the same isolate must not notice.

import { setTimeout as sleep } from "node:timers/promises";
import { longestAck, poller, readers, send } from "./bystanders.mjs";

const BAR_MS = 250;
// A test machine may be busy with other things.
const SHORT_BAR_MS = 20_000;
const READERS = 40;
const PACKET = '42["module.x"]';

export const post = {
  about: `one POST with 20,000 events to ${READERS} sockets`,
  vars: () => ({}),

  /** Returns the rows of the table. */
  async run({ worker, short }) {
    const others = await readers(worker.url, "flooded", READERS);
    const session = await poller(worker.url, "flooded");
    const body = Array(short ? 5_000 : 20_000).fill(PACKET).join("\u001e");
    let answered;
    const { longest, count } = await longestAck(worker.url, "neighbour", async () => {
      const began = performance.now();
      await send(session, body);
      answered = performance.now() - began;
      await settled(others);
    });
    const closed = others.filter((reader) => reader.isClosed).length;
    return [
      { what: "bytes of the POST", value: body.length },
      { what: "ms until it was answered", value: answered.toFixed(0) },
      { what: `longest of ${count} acknowledgements in another world, ms`, value: longest.toFixed(0), isBad: longest > (short ? SHORT_BAR_MS : BAR_MS) },
      { what: "other clients that were closed", value: closed, isBad: closed > 0 },
    ];
  },
};

export const frames = {
  about: `6,000 small frames to ${READERS} sockets`,
  vars: () => ({}),

  /** Returns the rows of the table. */
  async run({ worker, short }) {
    const others = await readers(worker.url, "flooded", READERS);
    const [client] = await readers(worker.url, "flooded", 1);
    const { longest, count } = await longestAck(worker.url, "neighbour", async () => {
      for (let frame = 0; frame < (short ? 1_500 : 6_000); frame++) client.frame(PACKET);
      await settled(others);
    });
    const closed = others.filter((reader) => reader.isClosed).length;
    return [
      { what: `longest of ${count} acknowledgements in another world, ms`, value: longest.toFixed(0), isBad: longest > (short ? SHORT_BAR_MS : BAR_MS) },
      { what: "other clients that were closed", value: closed, isBad: closed > 0 },
    ];
  },
};

/** Waits until the clients get nothing any more. */
async function settled(clients) {
  let before = -1;
  for (;;) {
    const now = clients.reduce((sum, { socket }) => sum + socket.bytesRead, 0);
    if (now === before) return;
    before = now;
    await sleep(500);
  }
}
