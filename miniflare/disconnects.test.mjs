// Unmodified clients that the server disconnects while they poll or upgrade: they get everything that was emitted to them
// before, and then the disconnect.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { NodeWebSocket, NodeXHR } from "engine.io-client";
import { io } from "socket.io-client";
import { ask } from "./clients.mjs";
import { until } from "./waiting.mjs";
import { startWorker } from "./world.mjs";

let worker;
const sockets = [];
before(async () => {
  worker = await startWorker({ example: "rows" });
});
after(async () => {
  for (const socket of sockets) socket.disconnect();
  await worker?.dispose();
});

/** Returns a client that records its connect, its events and its disconnect, in order, in `story`. */
function connect(world, namespace, options) {
  const socket = io(`${worker.url}${namespace}`, { path: `/w/${world}/socket.io/`, forceNew: true, reconnection: false, ...options });
  sockets.push(socket);
  socket.story = [];
  socket.on("connect", () => socket.story.push("connect"));
  socket.on("connect_error", (error) => socket.story.push(error.message));
  socket.onAny((event) => socket.story.push(event));
  socket.on("disconnect", (reason) => socket.story.push(reason));
  return socket;
}

const WHOLE = ["connect", "full", "io server disconnect"];

async function assertWhole(clients) {
  const whole = () => clients.every(({ story }) => story.length >= WHOLE.length);
  await until(whole, () => `the disconnects; heard: ${JSON.stringify(clients.map(({ story }) => story))}`);
  for (const { story } of clients) assert.deepEqual(story, WHOLE);
}

describe("a handler of connections that emits and disconnects", () => {
  const kinds = { polling: { transports: ["polling"] }, default: {}, websocket: { transports: ["websocket"] } };
  for (const [kind, options] of Object.entries(kinds)) {
    test(`reaches ten of ten clients: ${kind}`, async () => {
      await assertWhole(Array.from({ length: 10 }, () => connect(`full-${kind}`, "/full", options)));
    });
  }
});

describe("a client that is disconnected while it upgrades", () => {
  /** Returns a client that upgrades after joining, and calls back in the upgrade: after it got `3probe`, before it sends `5`. */
  function upgrading(world, callback) {
    class Late extends NodeWebSocket {
      doOpen() {
        until(() => socket.id, "the client to join").then(() => super.doOpen());
      }
    }
    const socket = connect(world, "/leaving", { transports: [NodeXHR, Late] });
    socket.io.once("open", () => {
      const { engine } = socket.io;
      engine.once("upgrading", () => {
        const polling = engine.transport;
        const pause = polling.pause.bind(polling);
        polling.pause = (upgrade) => pause(() => callback(socket).then(upgrade));
      });
    });
    return socket;
  }

  for (const [world, when, waits] of [["before", "before `5`", true], ["meanwhile", "while `5` is on its way", false]]) {
    test(`gets the disconnect, ${when}`, async () => {
      const other = connect(world, "/leaving", { transports: ["websocket"] });
      await until(() => other.connected, "the other client");
      const kicks = [];
      const clients = Array.from({ length: 10 }, () => upgrading(world, async ({ id }) => {
        const kick = ask(other, "turn away", id);
        kicks.push(kick);
        if (waits) await kick;
      }));
      await assertWhole(clients);
      assert.equal(kicks.length, clients.length, "each was disconnected while it upgraded");
      await Promise.all(kicks);
    });
  }

  test("gets the disconnect at any moment", async () => {
    const other = connect("moments", "/leaving", { transports: ["websocket"] });
    await until(() => other.connected, "the other client");
    const clients = Array.from({ length: 24 }, (_, number) => {
      const socket = connect("moments", "/leaving");
      socket.once("connect", () => setTimeout(() => other.emit("turn away", socket.id), 8 * number));
      return socket;
    });
    await assertWhole(clients);
  });

  test("leaves nothing that keeps the world awake", async () => {
    for (const world of ["before", "meanwhile", "moments"]) {
      const boots = worker.boots(world);
      await worker.evict(world);
      const other = connect(world, "/leaving", { transports: ["websocket"] });
      await until(() => other.connected, "the other client");
      assert.ok(worker.boots(world) > boots, world);
    }
  });
});
