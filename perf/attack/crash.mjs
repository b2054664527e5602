// The case `crash`: the process is killed while clients are in. The handlers of all of them must be called, once.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { defaultBuildDir } from "../../scripts/lib/root.mjs";
import { modulesOf, startWorkerd } from "../lib/workerd.mjs";

const OPTIONS = { path: "/w/crash/socket.io/", transports: ["websocket"], forceNew: true, reconnection: false };
const LIMIT_MS = 30_000;

export const crash = {
  about: "kill -9 while clients are in",
  example: "rows",
  // It starts and kills its own.
  worker: false,
  vars: () => ({}),

  /** Returns the rows of the table. */
  async run({ short, build = defaultBuildDir("rows") }) {
    const guests = short ? 20 : 500;
    const storage = mkdtempSync(join(tmpdir(), "dormouse-attack-"));
    const lives = [];
    const start = async () => {
      const server = await startWorkerd({ modules: modulesOf(build), vars: { ALLOWED_ORIGINS: "*" }, storage });
      lives.push(server);
      return server;
    };
    try {
      const first = await start();
      const sockets = await Promise.all(Array.from({ length: guests }, () => joined(first.port)));
      // The roster is written half a second after the last one, but no more than one in five seconds after the first four.
      await sleep(6_000);
      process.kill(first.pid, "SIGKILL");
      await first.stop();
      sockets.forEach((socket) => socket.disconnect());

      const second = await start();
      const began = Date.now();
      const told = () => second.logs.filter((line) => line.includes("told out")).length;
      const newcomer = await joined(second.port);
      while (told() < guests && Date.now() - began < LIMIT_MS) await sleep(50);
      const ms = Date.now() - began;
      await sleep(1_000);
      const calls = told();
      newcomer.disconnect();
      return [
        { what: `calls of on_disconnect for ${guests} clients`, value: calls, isBad: calls !== guests },
        { what: "ms until then, with a client that joins", value: ms },
      ];
    } finally {
      for (const server of lives) await server.stop();
      rmSync(storage, { recursive: true, force: true });
    }
  },
};

/** Joins a client whose end the app reports. */
async function joined(port) {
  const { io } = await import("socket.io-client");
  const socket = io(`http://127.0.0.1:${port}/lost`, OPTIONS);
  await new Promise((connected) => socket.once("connect", connected));
  return socket;
}
