// The cases `post` and `frames`: one client asks for 800,000 deliveries at once, in one POST or in small frames. Another world of
// the same isolate must not notice.

import { setTimeout as sleep } from "node:timers/promises";
import { longestAck, poller, readers, send } from "./bystanders.mjs";

const BAR_MS = 250;
// A test machine may be busy with other things, so that the short form asks for no time: while the deliveries last, another world gets so
// many acknowledgements. Before turns had a budget, it got none until all was done.
const SHORT_BAR_ACKS = 15;
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
    let meanwhile;
    const { longest, count } = await longestAck(worker.url, "neighbour", async (acks) => {
      const began = performance.now();
      await send(session, body);
      answered = performance.now() - began;
      meanwhile = await settled(others, acks);
    });
    const closed = others.filter((reader) => reader.isClosed).length;
    return [
      { what: "bytes of the POST", value: body.length },
      { what: "ms until it was answered", value: answered.toFixed(0) },
      { what: `longest of ${count} acknowledgements in another world, ms`, value: longest.toFixed(0), isBad: !short && longest > BAR_MS },
      { what: "acknowledgements while the deliveries lasted", value: meanwhile, isBad: meanwhile < SHORT_BAR_ACKS },
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
    let meanwhile;
    const { longest, count } = await longestAck(worker.url, "neighbour", async (acks) => {
      for (let frame = 0; frame < (short ? 3_000 : 6_000); frame++) client.frame(PACKET);
      meanwhile = await settled(others, acks);
    });
    const closed = others.filter((reader) => reader.isClosed).length;
    return [
      { what: `longest of ${count} acknowledgements in another world, ms`, value: longest.toFixed(0), isBad: !short && longest > BAR_MS },
      { what: "acknowledgements while the deliveries lasted", value: meanwhile, isBad: meanwhile < SHORT_BAR_ACKS },
      { what: "other clients that were closed", value: closed, isBad: closed > 0 },
    ];
  },
};

/** Waits until the clients get nothing any more; returns how many acknowledgements the neighbour had got between the first and the last delivery. */
async function settled(clients, acks) {
  let before = -1;
  let [first, last] = [await acks(), 0];
  for (let still = 0; still < 10; ) {
    const now = clients.reduce((sum, { socket }) => sum + socket.bytesRead, 0);
    still = now === before ? still + 1 : 0;
    if (still === 0) last = await acks();
    before = now;
    await sleep(50);
  }
  return last - first;
}
