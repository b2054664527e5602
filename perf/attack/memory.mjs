// The case `memory`: clients of six worlds keep as much in memory as their bounds allow. An isolate has 128 MB for all of its worlds.

import { readFileSync, readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { readers } from "./bystanders.mjs";
import { Raw } from "./raw.mjs";

const BAR_MB = 100;
const WORLDS = Array.from({ length: 6 }, (_, number) => `memory-${number}`);

export const memory = {
  about: "six worlds with unfinished packets, readers that do not read, and long headers and auth objects",
  vars: () => ({}),

  /** Returns the rows of the table. */
  async run({ worker, short }) {
    const share = short ? 0.1 : 1;
    // The first client of each world, so that what a world needs by itself is not counted.
    for (const world of WORLDS) await answers(worker.url, world);
    const before = resident();
    const rows = [];
    for (const [what, attack] of Object.entries({ unfinished, unread, introduced })) {
      const most = await highest(async () => {
        const clients = (await Promise.all(WORLDS.map((world) => attack(worker.url, world, share)))).flat();
        await sleep(short ? 1_000 : 5_000);
        clients.forEach((client) => client.destroy());
      });
      rows.push({ what: `MB above an idle server, ${what}`, value: (most - before).toFixed(0), isBad: !short && most - before > BAR_MB });
      await sleep(2_000);
    }
    let answered = 0;
    for (const world of WORLDS) answered += await answers(worker.url, world);
    return [...rows, { what: "worlds that answer afterwards", value: `${answered} of ${WORLDS.length}`, isBad: answered < WORLDS.length }];
  },
};

/** Clients that send nine of ten attachments of a packet. */
async function unfinished(url, world, share) {
  const clients = await readers(url, world, Math.ceil(16 * share));
  const placeholders = Array.from({ length: 10 }, (_, num) => ({ _placeholder: true, num }));
  for (const client of clients) {
    client.frame(`4510-${JSON.stringify(["module.x", ...placeholders])}`);
    for (let sent = 0; sent < 9; sent++) client.frame(Buffer.alloc(400_000), { opcode: 2 });
  }
  return clients;
}

/** Clients that do not read what one of them sends. */
async function unread(url, world, share) {
  const clients = await readers(url, world, Math.ceil(40 * share), { paused: true });
  const [sender] = await readers(url, world, 1);
  const event = `42["module.map","${"x".repeat(60_000)}"]`;
  for (let sent = 0; sent < 60 && sender.isOpen; sent++) {
    sender.frame(event);
    await sleep(20);
  }
  return [...clients, sender];
}

/** Clients with long headers and a long auth object. */
async function introduced(url, world, share) {
  const at = new URL(url);
  const clients = [];
  for (let number = 0; number < 170 * share; number++) {
    const client = new Raw({ hostname: at.hostname, port: at.port, host: at.host });
    client.upgrade(`/w/${world}/socket.io/?EIO=4&transport=websocket`, { "x-long": "h".repeat(7_000), "user-agent": "u".repeat(7_000) });
    client.match(/"sid"/, 30_000).then((found) => found && client.frame(`40${JSON.stringify({ token: "a".repeat(16_000) })}`));
    clients.push(client);
    if (number % 20 === 0) await sleep(50);
  }
  return clients;
}

/** Returns whether a stock client can join a world and is answered. */
async function answers(url, world) {
  const { io } = await import("socket.io-client");
  const socket = io(url, { path: `/w/${world}/socket.io/`, transports: ["websocket"], forceNew: true });
  try {
    await new Promise((connected) => socket.once("connect", connected));
    await socket.timeout(30_000).emitWithAck("module.ping");
    return true;
  } catch {
    return false;
  } finally {
    socket.disconnect();
  }
}

/** Returns the most resident memory in MB while `attack` runs. */
async function highest(attack) {
  let most = 0;
  const timer = setInterval(() => (most = Math.max(most, resident())), 100);
  await attack();
  clearInterval(timer);
  return most;
}

/** Returns the resident memory of the runtime in MB: the processes that this one has started. */
function resident() {
  const stat = (pid, file) => {
    try {
      return readFileSync(`/proc/${pid}/${file}`, "utf8");
    } catch {
      return "";
    }
  };
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  const own = pids.filter((pid) => /^PPid:\t(\d+)$/m.exec(stat(pid, "status"))?.[1] === String(process.pid));
  const kilobytes = own.map((pid) => Number(/^VmRSS:\s+(\d+)/m.exec(stat(pid, "status"))?.[1] ?? 0));
  return Math.max(0, ...kilobytes) / 1024;
}
