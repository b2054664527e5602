// Common code of the tests of the server API: the app miniflare/apps/rows, and `row`, which runs a test for clients of each
// transport, once awake and once with the world hibernated before the steps that matter.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Clients, upgraded } from "./clients.mjs";
import { until } from "./waiting.mjs";
import { startWorker } from "./world.mjs";

export const websocket = { transports: ["websocket"] };

const KINDS = { default: {}, websocket, polling: { transports: ["polling"] } };

/** Starts the app for one test file, and returns it; to be called at the file's top. `vars` are the Worker's variables. */
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

  /** Returns a new world: its name, and functions to join it and to hibernate it. */
  app.world = (kind = "websocket", asleep = true) => {
    const { worker } = app;
    const world = `world-${all.length}`;
    const clients = new Clients(worker.url);
    all.push(clients);
    return {
      name: world,
      worker,
      /** Returns a client of the row's kind. */
      join: async (namespace = "/", options) => {
        const socket = await clients.join(world, { namespace, ...KINDS[kind], ...options });
        if (kind === "default") await upgraded(socket);
        return socket;
      },
      /** Returns a client that receives what the app's handlers report. */
      watch: () => clients.join(world, { namespace: "/watch", ...websocket }),
      /** Hibernates the world, in the rows that hibernate. */
      rest: async () => {
        if (asleep) await worker.evict(world);
      },
      boots: () => worker.boots(world),
      closeAll: () => clients.closeAll(),
    };
  };

  /** Defines tests for clients of each kind, awake and hibernated. A client that polls keeps the world awake: only awake. */
  app.row = (name, body, kinds = Object.keys(KINDS)) => {
    for (const kind of kinds) {
      for (const asleep of kind === "polling" ? [false] : [false, true]) {
        test(`${name}: ${kind}, ${asleep ? "hibernated" : "awake"}`, async () => {
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

/** Waits until a client has received `count` events of this name, and returns the arguments of each. */
export const heardOf = (socket, event, count = 1) => {
  const found = () => socket.heard.filter(([name]) => name === event).map(([, ...args]) => args);
  return until(() => found().length >= count && found(), () => `${count} × ${event}; heard: ${JSON.stringify(socket.heard).slice(0, 500)}`);
};

/** The acknowledgement's arguments for a failed handler. */
export const failed = (code, message) => [{ status: "error", error: { code, message } }];
