// What the tests of the server API have in common: the app miniflare/apps/rows, and each row once awake and once with the
// world put to sleep before the steps that matter, for clients of each transport.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Clients, upgraded } from "./clients.mjs";
import { until } from "./waiting.mjs";
import { startWorker } from "./world.mjs";

export const websocket = { transports: ["websocket"] };

const KINDS = { default: {}, websocket, polling: { transports: ["polling"] } };

/** The app and its clients, for one test file; call it once, at its top. `vars` are the Worker's variables. */
export function rows(vars) {
  const app = {};
  const all = [];
  before(async () => {
    app.worker = await startWorker({ example: "rows", vars });
  });
  after(async () => {
    for (const clients of all) clients.closeAll();
    await app.worker?.dispose();
  });

  /** A world of its own: its name, how to join it, and how to put it to sleep. */
  app.world = (kind = "websocket", asleep = true) => {
    const { worker } = app;
    const world = `world-${all.length}`;
    const clients = new Clients(worker.url);
    all.push(clients);
    return {
      name: world,
      worker,
      /** A client of the kind that the row is about. */
      join: async (namespace = "/", options) => {
        const socket = await clients.join(world, { namespace, ...KINDS[kind], ...options });
        if (kind === "default") await upgraded(socket);
        return socket;
      },
      /** Who hears what the app's handlers tell. */
      watch: () => clients.join(world, { namespace: "/watch", ...websocket }),
      /** Sleep, in the rows that sleep. */
      rest: async () => {
        if (asleep) await worker.evict(world);
      },
      boots: () => worker.boots(world),
      closeAll: () => clients.closeAll(),
    };
  };

  /** A row, awake and asleep, with clients of each kind; who polls keeps the world awake. */
  app.row = (name, body, kinds = Object.keys(KINDS)) => {
    for (const kind of kinds) {
      for (const asleep of kind === "polling" ? [false] : [false, true]) {
        test(`${name}: ${kind}, ${asleep ? "after a nap" : "awake"}`, async () => {
          const world = app.world(kind, asleep);
          await body(world);
          if (asleep) assert.ok(world.boots() > 1, "it slept");
          world.closeAll();
        });
      }
    }
  };
  return app;
}

/** The arguments of the events of this name that a client has heard, once there are so many. */
export const heardOf = (socket, event, count = 1) => {
  const found = () => socket.heard.filter(([name]) => name === event).map(([, ...args]) => args);
  return until(() => found().length >= count && found(), () => `${count} × ${event}; heard: ${JSON.stringify(socket.heard).slice(0, 500)}`);
};

/** A failure as a handler's client gets it. */
export const failed = (code, message) => [{ status: "error", error: { code, message } }];
