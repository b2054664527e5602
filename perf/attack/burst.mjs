// The case `burst`: one client sends large events, as fast as it can or as a picture in chunks, to clients that read 10 Mbit/s each.
// Nobody else may be closed, and nobody else may pay.

import { setTimeout as sleep } from "node:timers/promises";
import { countsOf } from "./awake.mjs";
import { readers } from "./bystanders.mjs";

const ADMIN_KEY = "correct-horse-battery-staple";
const BYTES_PER_SECOND = 1_250_000;
// The issue's own case, and those of other sizes and with fewer readers.
const BURSTS = [
  { size: 240_000, count: 60, pause: 33, victims: 20 },
  { size: 60_000, count: 600, pause: 0, victims: 3 },
  { size: 60_000, count: 600, pause: 0, victims: 1 },
  { size: 200_000, count: 200, pause: 0, victims: 1 },
];

export const burst = {
  about: "bursts of events of 60, 200 and 240 kB to 1, 3 and 20 readers of 10 Mbit/s",
  vars: () => ({ ADMIN_KEY }),

  /** Returns the rows of the table. */
  async run({ worker, short }) {
    const rows = [];
    for (const [n, { size, count, pause, victims }] of BURSTS.entries()) {
      const world = `burst-${n}`;
      const slow = await readers(worker.url, world, victims);
      const [sender, innocent] = await readers(worker.url, world, 2);
      const throttles = slow.map((reader) => throttle(reader.socket));
      const event = `42["module.map","${"x".repeat(size)}"]`;
      for (let sent = 0; sent < count && !sender.isClosed; sent++) {
        sender.frame(event);
        if (sent % 10 === 9) sender.frame('421["module.cursor"]');
        while (sender.socket.writableLength > 1_000_000) await sleep(5);
        await sleep(pause);
      }
      sender.frame('421["module.cursor"]');
      await sleep(short ? 2_000 : 20_000);
      innocent.received = "";
      innocent.frame(`42["module.map","${"y".repeat(300_000)}"]`);
      innocent.frame('422["module.cursor"]');
      const answer = await innocent.match(/432\[.*?\]/, 20_000);
      throttles.forEach((stop) => stop());
      const counts = await read(worker.url, world);
      const closed = slow.filter((reader) => reader.isClosed).length;
      const isTold = /RATE_LIMITED/.test(sender.received);
      const what = `${count} × ${size / 1000} kB to ${victims}`;
      rows.push(
        { what: `${what}: readers that were closed`, value: `${closed} of ${victims}`, isBad: closed > 0 || counts.closingWebSockets > Number(sender.isClosed) },
        { what: `${what}: the sender`, value: `${sender.isClosed ? "is closed" : "goes on"}, ${isTold ? "and was told" : "and was not told"}`, isBad: !isTold },
        { what: `${what}: another client's picture`, value: answer?.[0] ?? "no answer", isBad: answer?.[0] !== "432[]" },
      );
      [...slow, sender, innocent].forEach((client) => client.destroy());
    }
    return rows;
  },
};

/** Waits until the clients of a world have read everything; returns its counts. */
async function read(url, world) {
  for (let asked = 0; ; asked++) {
    const counts = await countsOf(url, world, ADMIN_KEY);
    // What they were sent last is on its way.
    if (counts.unsentBytes === 0) await sleep(500);
    if (counts.unsentBytes === 0 || asked === 100) return counts;
    await sleep(200);
  }
}

/** Lets a socket read so many bytes per second; returns the function that stops it. */
function throttle(socket) {
  let budget = 0;
  const read = ({ length }) => {
    budget -= length;
    if (budget <= 0) socket.pause();
  };
  socket.on("data", read);
  const timer = setInterval(() => {
    budget = Math.min(budget + BYTES_PER_SECOND / 50, BYTES_PER_SECOND / 10);
    if (budget > 0) socket.resume();
  }, 20);
  return () => {
    clearInterval(timer);
    socket.off("data", read);
    socket.resume();
  };
}
