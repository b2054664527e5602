// The case `burst`: one client sends 60 × 240 kB in two seconds to 20 clients that read 10 Mbit/s each. Nobody else may be closed.

import { setTimeout as sleep } from "node:timers/promises";
import { readers } from "./bystanders.mjs";

const READERS = 20;
const BYTES_PER_SECOND = 1_250_000;

export const burst = {
  about: `60 × 240 kB in 2 s to ${READERS} readers of 10 Mbit/s`,
  vars: () => ({}),

  /** Returns the rows of the table. */
  async run({ worker, short }) {
    const slow = await readers(worker.url, "burst", READERS);
    const [sender] = await readers(worker.url, "burst", 1);
    const throttles = slow.map((reader) => throttle(reader.socket));
    const event = `42["module.map","${"x".repeat(240_000)}"]`;
    for (let sent = 0; sent < 60 && sender.isOpen; sent++) {
      sender.frame(event);
      await sleep(33);
    }
    await sleep(short ? 5_000 : 30_000);
    throttles.forEach((stop) => stop());
    const closed = slow.filter((reader) => !reader.isOpen).length;
    const read = slow.reduce((sum, { socket }) => sum + socket.bytesRead, 0);
    return [
      { what: "readers that were closed", value: `${closed} of ${READERS}`, isBad: closed > 0 },
      { what: "MB that they read", value: (read / 1e6).toFixed(0) },
      { what: "the sender", value: sender.isOpen ? "goes on" : "is closed" },
    ];
  },
};

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
