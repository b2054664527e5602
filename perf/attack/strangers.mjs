// The case `strangers`: GETs that nobody follows. A stock client must still join, and the world must be able to sleep soon after.

import { setTimeout as sleep } from "node:timers/promises";
import { quiet } from "./awake.mjs";

const KEY = "0123456789abcdef";
const JOIN_BAR_MS = 2_000;
const AWAKE_BAR_S = 15;

export const strangers = {
  about: "1,000 GETs at once, then 20 a second; a stock client joins meanwhile",
  vars: () => ({ ADMIN_KEY: KEY }),

  /** Returns the rows of the table. */
  async run({ worker, short }) {
    const gateway = `${worker.url}/w/strangers/socket.io/?EIO=4&transport=polling`;
    const get = async () => (await fetch(gateway)).text();
    for (let at = 0; at < (short ? 200 : 1_000); at += 50) await Promise.all(Array.from({ length: 50 }, get));
    let isOver = false;
    const coming = (async () => {
      while (!isOver) {
        await Promise.all([get(), sleep(50)]);
      }
    })();
    await sleep(short ? 1_000 : 10_000);
    const joined = await join(worker.url);
    isOver = true;
    await coming;
    const { seconds } = await quiet(worker.url, "strangers", KEY, 120_000);
    return [
      { what: "ms until a stock client joined", value: joined.toFixed(0), isBad: joined > (short ? 10 : 1) * JOIN_BAR_MS },
      { what: "s that the world was held awake after the last GET", value: seconds.toFixed(1), isBad: seconds > (short ? 4 : 1) * AWAKE_BAR_S },
    ];
  },
};

/** Returns how many milliseconds a stock client that begins with polling takes to join. */
async function join(url) {
  const { io } = await import("socket.io-client");
  const began = performance.now();
  const socket = io(url, { path: "/w/strangers/socket.io/", forceNew: true, reconnectionDelay: 100 });
  await new Promise((connected) => socket.once("connect", connected));
  socket.disconnect();
  return performance.now() - began;
}
