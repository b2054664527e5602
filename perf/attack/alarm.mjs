// The case `alarm`: the handler of an alarm aborts the wasm instance, with all worlds of the isolate. Its world must live, and must not be
// constructed again and again.

import { setTimeout as sleep } from "node:timers/promises";
import { answers } from "./memory.mjs";

const MAX_BOOTS = 6;
const MAX_SECONDS = 30;

export const alarm = {
  about: "an alarm whose handler aborts",
  example: "panics",
  vars: () => ({}),

  /** Returns the rows of the table. */
  async run({ worker, short }) {
    const { io } = await import("socket.io-client");
    const socket = io(worker.url, { path: "/w/aborts/socket.io/", transports: ["websocket"], forceNew: true });
    await socket.timeout(30_000).emitWithAck("test:alarm", "unreachable/aborts", 50);
    const began = Date.now();
    const aborts = () => worker.logs.filter((line) => line.includes("aborted the wasm instance")).length;
    while (aborts() === 0 && Date.now() - began < MAX_SECONDS * 1000) await sleep(50);
    // Its own connection stays; a new one is let in.
    const answered = (await answers(worker.url, "aborts", ["module.new", 1])) && (await answers(worker.url, "beside", ["module.new", 1]));
    const seconds = (Date.now() - began) / 1000;
    await sleep(Math.max(0, (short ? 10 : 90) * 1000 - (Date.now() - began)));
    const boots = worker.boots("aborts");
    socket.disconnect();
    return [
      { what: "aborts", value: aborts(), isBad: aborts() === 0 },
      { what: `s until its world and another one answered`, value: seconds.toFixed(1), isBad: !answered || seconds > MAX_SECONDS },
      { what: `boots of its world in ${short ? 10 : 90} s`, value: boots, isBad: boots > MAX_BOOTS },
    ];
  },
};
