// Compares WebSocket compression on and off: the server's CPU time, bytes on the wire, and memory, with clients that offer
// compression.

import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import WebSocket from "ws";
import { within } from "../../miniflare/waiting.mjs";
import { modulesOf, startWorkerd } from "../lib/workerd.mjs";
import { cpuMs } from "../lib/meter.mjs";

const CLIENTS = 50;
const FURTHER = 300;
const SIZES = [
  { bytes: 100, warmUp: 400, rounds: 1_000 },
  { bytes: 4_000, warmUp: 200, rounds: 300 },
  { bytes: 16_000, warmUp: 100, rounds: 150 },
];

/** The variants: the compatibility flags, and whether the clients offer compression. */
export const compressions = {
  off: { flags: ["no_web_socket_compression"], offered: true },
  on: { flags: [], offered: true },
  "on, but not offered": { flags: [], offered: false },
};

/** Measures one round of one variant: per delivery for each size, and the memory per client. */
export async function measureCompression(build, { flags, offered }) {
  const server = await startWorkerd({ modules: modulesOf(build), vars: { PING_INTERVAL_MS: "300000" }, flags });
  const clients = [];
  try {
    while (clients.length < CLIENTS) clients.push(await connect(server.port, offered));
    const results = {};
    for (const size of SIZES) results[size.bytes] = await broadcasts(server.pid, clients, size);
    // The memory of a further client, after something was sent to it.
    const memory = rssKb(server.pid);
    while (clients.length < CLIENTS + FURTHER) clients.push(await connect(server.port, offered));
    for (let n = 0; n < 3; n++) await broadcast(clients, 4_000);
    return { deliveries: results, rssKbPerClient: (rssKb(server.pid) - memory) / FURTHER };
  } finally {
    for (const client of clients) client.terminate();
    await server.stop();
  }
}

async function broadcasts(pid, clients, { bytes, warmUp, rounds }) {
  const others = clients.slice(1);
  for (let n = 0; n < warmUp; n++) await broadcast(clients, bytes);
  const read = () => others.reduce((total, client) => total + client._socket.bytesRead, 0);
  const [cpu, wire] = [cpuMs(pid), read()];
  for (let n = 0; n < rounds; n++) await broadcast(clients, bytes);
  const deliveries = rounds * others.length;
  return { cpuUs: ((cpuMs(pid) - cpu) * 1000) / deliveries, wireBytes: (read() - wire) / deliveries };
}

/** Sends one message of `bytes` bytes from the first client, and waits until all others have received it. */
async function broadcast([sender, ...others], bytes) {
  const frame = `42["all",${document(bytes)}]`;
  const heard = others.map((client) => new Promise((resolve) => client.once("message", (data) => resolve(data.length === frame.length))));
  sender.send(frame);
  const whole = await within(Promise.all(heard), "a broadcast to reach everybody");
  if (whole.includes(false)) throw new Error("a delivery was not what was sent");
}

/** Returns JSON such as a tabletop sends: the keys repeat, the ids and positions do not. */
function document(bytes) {
  const token = () => ({
    id: randomBytes(8).toString("hex"),
    x: Math.round(Math.random() * 4000),
    y: Math.round(Math.random() * 4000),
    hidden: Math.random() < 0.2,
  });
  const value = { tokens: [token()], note: "" };
  const length = () => JSON.stringify(value).length;
  while (length() < bytes - 70) value.tokens.push(token());
  value.note = randomBytes(35).toString("hex").slice(0, Math.max(0, bytes - length()));
  return JSON.stringify(value);
}

async function connect(port, perMessageDeflate) {
  const client = new WebSocket(`ws://127.0.0.1:${port}/w/bench/socket.io/?EIO=4&transport=websocket`, { perMessageDeflate });
  const next = (start) =>
    new Promise((resolve, reject) => {
      const hear = (data) => {
        if (!String(data).startsWith(start)) return;
        client.off("message", hear);
        resolve();
      };
      client.on("message", hear).once("error", reject);
    });
  await within(next("0"), "an open packet");
  client.send("40");
  await within(next("40"), "to be connected");
  client.setMaxListeners(100);
  return client;
}

const rssKb = (pid) => Number(readFileSync(`/proc/${pid}/status`, "utf8").match(/^VmRSS:\s+(\d+)/m)[1]);
