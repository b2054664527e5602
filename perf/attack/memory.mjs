// The case `memory`: clients of six worlds keep as much in memory as their bounds allow. An isolate has 128 MB for all of its worlds.

import { setTimeout as sleep } from "node:timers/promises";
import { poller, readers, send } from "./bystanders.mjs";
import { Isolate, MEASURABLE } from "./isolate.mjs";
import { Raw } from "./raw.mjs";

const WORLDS = Array.from({ length: 6 }, (_, number) => `memory-${number}`);

// What clients of a world can do. Each returns its clients, and does a part of it only, if `share` is less than 1. It waits for `joined`
// between its clients' joining and what they do then.
const ATTACKS = { unfinished, waiting, posted, unread, unpolled, introduced };

// A quarter of everything. The heap of JavaScript is not a quarter of what it is otherwise: the bar leaves room for its garbage.
const SHORT = { share: 0.25, bar: 60, vars: { ISOLATE_BYTES: "16000000" } };
const FULL = { share: 1, bar: 100, vars: {} };

export const memory = {
  about: "six worlds with unfinished packets, packets and bodies that wait, readers that do not read, and long headers and auth objects",
  vars: (short) => (short ? SHORT : FULL).vars,
  runtime: MEASURABLE,
  // What was in memory once stays in the process.
  parts: Object.keys(ATTACKS),

  /** Returns the rows of the table for one attack. */
  async run({ worker, short, part }) {
    const { share, bar } = short ? SHORT : FULL;
    // The first client of each world, so that what a world needs by itself is not counted.
    for (const world of WORLDS) await answers(worker.url, world);
    const isolate = await Isolate.watch(worker);
    // An isolate that is short of memory may refuse who comes: nobody begins before all have joined.
    const joined = barrier(WORLDS.length);
    const clients = (await Promise.all(WORLDS.map((world) => ATTACKS[part](worker.url, world, share, joined)))).flat();
    await sleep(2_000);
    let woken = 0;
    for (const world of WORLDS) woken += await wakes(worker, world, clients);
    clients.forEach((client) => client.destroy());
    await isolate.end();
    const { most, idle } = isolate;
    const megabytes = (bytes) => Math.ceil(bytes / 1e6);
    return [
      { what: `${part}: MB of the isolate`, value: megabytes(most.all), isBad: megabytes(most.all) > bar },
      ...["wasm", "heap", "buffers"].map((kind) => ({ what: `${part}: MB of its ${kind}`, value: megabytes(most[kind]) })),
      { what: `${part}: MB of the process, above an idle one`, value: megabytes(most.process - idle.process) },
      { what: `${part}: worlds that wake afterwards`, value: `${woken} of ${WORLDS.length}`, isBad: woken < WORLDS.length },
    ];
  },
};

/** Returns a function that waits until it was called `count` times. */
function barrier(count) {
  const { promise, resolve } = Promise.withResolvers();
  let calls = 0;
  return () => {
    calls += 1;
    if (calls === count) resolve();
    return promise;
  };
}

/** Clients that send nine of ten attachments of a packet. */
async function unfinished(url, world, share, joined) {
  const clients = await readers(url, world, Math.ceil(16 * share));
  await joined();
  const placeholders = Array.from({ length: 10 }, (_, num) => ({ _placeholder: true, num }));
  for (const client of clients) {
    client.frame(`4510-${JSON.stringify(["module.x", ...placeholders])}`);
    for (let sent = 0; sent < 9; sent++) client.frame(Buffer.alloc(400_000), { opcode: 2 });
  }
  return clients;
}

/** Clients that send long packets all at once, which wait for their turn. */
async function waiting(url, world, share, joined) {
  const clients = await readers(url, world, Math.ceil(16 * share));
  await joined();
  const event = `42["module.x","${"é".repeat(200_000)}"]`;
  for (const client of clients) {
    for (let sent = 0; sent < 9; sent++) client.frame(event);
  }
  return clients;
}

/** Clients that post long bodies, some of which never end. */
async function posted(url, world, share, joined) {
  const sessions = await Promise.all(Array.from({ length: Math.ceil(40 * share) }, () => poller(url, world)));
  await joined();
  const body = `42["module.x",1]\x1e`.repeat(100_000).slice(0, 990_000);
  const { hostname, port, host } = new URL(url);
  const endless = sessions.splice(0, sessions.length / 2).map((session) => {
    const client = new Raw({ hostname, port, host });
    const { pathname, search } = new URL(session);
    client.request("POST", pathname + search, { body, length: 1_000_000 });
    return client;
  });
  // A client that is closed may be reset while it posts.
  await Promise.all(sessions.map((session) => send(session, body.slice(0, -1)).catch(() => {})));
  return endless;
}

/** Clients that do not read what others send. */
async function unread(url, world, share, joined) {
  const clients = await readers(url, world, Math.ceil(40 * share), { paused: true });
  const [sender] = await readers(url, world, 1);
  await joined();
  const event = `42["module.map","${"x".repeat(60_000)}"]`;
  for (let sent = 0; sent < 60 && sender.isOpen; sent++) {
    sender.frame(event);
    await sleep(20);
  }
  return [...clients, sender];
}

/** Clients that poll, and do not fetch what others send. */
async function unpolled(url, world, share, joined) {
  for (let number = 0; number < 40 * share; number++) await poller(url, world);
  const senders = await readers(url, world, 4);
  await joined();
  const event = `42["module.map","${"x".repeat(900_000)}"]`;
  for (let sent = 0; sent < 4; sent++) {
    for (const sender of senders) sender.frame(event);
    await sleep(200);
  }
  return senders;
}

/** Clients with long headers and a long auth object. */
async function introduced(url, world, share) {
  const { hostname, port, host } = new URL(url);
  const clients = [];
  const joined = [];
  for (let number = 0; number < 170 * share; number++) {
    const client = new Raw({ hostname, port, host });
    client.upgrade(`/w/${world}/socket.io/?EIO=4&transport=websocket`, { "x-long": "h".repeat(7_000), "user-agent": "u".repeat(7_000) });
    clients.push(client);
    joined.push(
      client.match(/"sid"/, 60_000).then((found) => {
        if (found) client.frame(`40${JSON.stringify({ token: "a".repeat(16_000) })}`);
        return client.match(/40\{"sid"|44\{/, 60_000);
      }),
    );
    if (number % 20 === 0) await sleep(50);
  }
  await Promise.all(joined);
  return clients;
}

/**
 * Hibernates a world and returns whether a stock client can wake it: with its clients, or without them, if what waits for
 * them keeps it awake.
 */
async function wakes(worker, world, clients) {
  try {
    await worker.evict(world);
  } catch {
    clients.forEach((client) => client.destroy());
    await worker.evict(world);
  }
  return answers(worker.url, world);
}

/** Returns whether a stock client can join a world and is answered. */
export async function answers(url, world, event = ["module.ping"]) {
  const { io } = await import("socket.io-client");
  const socket = io(url, { path: `/w/${world}/socket.io/`, transports: ["websocket"], forceNew: true });
  try {
    await new Promise((connected, failed) => {
      socket.once("connect", connected);
      socket.once("connect_error", failed);
      setTimeout(failed, 30_000).unref();
    });
    await socket.timeout(30_000).emitWithAck(...event);
    return true;
  } catch {
    return false;
  } finally {
    socket.disconnect();
  }
}
