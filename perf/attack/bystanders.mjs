// Clients that only read, and the neighbour that measures.

import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { Raw } from "./raw.mjs";

const SID = /"sid":"([^"]+)"/;

/** Joins `count` clients to a world by WebSocket; they discard what they get. `paused` ones read nothing after they have joined. */
export async function readers(url, world, count, { paused = false } = {}) {
  const at = new URL(url);
  return Promise.all(
    Array.from({ length: count }, async () => {
      const reader = new Raw({ hostname: at.hostname, port: at.port, host: at.host });
      reader.upgrade(`/w/${world}/socket.io/?EIO=4&transport=websocket`);
      if (!(await reader.match(SID, 60_000))) throw new Error(`a reader was not let in: ${reader.last}`);
      reader.frame("40");
      if (!(await reader.match(/40\{"sid"/, 60_000))) throw new Error(`a reader could not join: ${reader.last}`);
      if (paused) reader.socket.pause();
      return reader;
    }),
  );
}

/** Opens a polling session and joins it to the main namespace; returns the URL for its requests. */
export async function poller(url, world) {
  const gateway = `${url}/w/${world}/socket.io/?EIO=4&transport=polling`;
  const [, sid] = SID.exec(await (await fetch(gateway)).text());
  const session = `${gateway}&sid=${sid}`;
  await send(session, "40");
  await (await fetch(session)).text();
  return session;
}

/** Posts packets; returns the status. */
export async function send(session, body) {
  const response = await fetch(session, { method: "POST", body, headers: { "content-type": "text/plain;charset=UTF-8" } });
  await response.text();
  return response.status;
}

/**
 * Runs `attack` while a client of another world measures; returns its longest wait for an acknowledgement in milliseconds, and how many
 * it got. `attack` is called with a function that returns how many it has got so far.
 */
export async function longestAck(url, world, attack) {
  const child = fork(join(import.meta.dirname, "neighbour.mjs"), [url, world, "module.ping"]);
  try {
    await once(child, "message");
    await attack(async () => {
      const told = once(child, "message");
      child.send("count");
      return (await told)[0].count;
    });
    const told = once(child, "message");
    child.send("end");
    const [{ longest, count }] = await told;
    return { longest, count };
  } finally {
    child.kill();
  }
}
