// The behavior of the runtime that the core relies on, tested with a handwritten object: if one of these tests fails after an
// update of workerd, the runtime has changed. It also tests the harness.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import WebSocket from "ws";
import { BIN, ROOT } from "../scripts/lib/root.mjs";
import { within } from "./waiting.mjs";
import { startWorker } from "./world.mjs";

let worker;
before(async () => (worker = await startWorker({ build: "miniflare/fixtures/platform" })));
after(() => worker?.dispose());

const info = async (world) => (await fetch(`${worker.url}/info?w=${world}`)).json();
const open = (world) =>
  new Promise((resolve, reject) => {
    const socket = new WebSocket(`${worker.url.replace("http", "ws")}/?w=${world}`);
    socket.on("open", () => resolve(socket)).on("error", reject);
  });
const ask = (socket, message) =>
  new Promise((resolve) => {
    socket.once("message", (data) => resolve(String(data)));
    socket.send(message);
  });

test("an evicted object keeps its sockets and attachments, and nothing else", async () => {
  const socket = await open("nap");
  assert.deepEqual(JSON.parse(await ask(socket, "hello")), { same: true, note: "kept in memory" });
  assert.equal(await worker.evict("nap"), true);
  assert.equal(socket.readyState, WebSocket.OPEN);
  assert.equal(worker.boots("nap"), 1, "hibernating constructs no object");
  assert.deepEqual(JSON.parse(await ask(socket, "hello")), { same: true, note: null });
  assert.deepEqual(JSON.parse(await ask(socket, "hello")), { same: true, note: "set by a message" });
  assert.equal(worker.boots("nap"), 2);
  assert.deepEqual((await info("nap"))[0].attachment, ["a string", 7]);
  socket.close();
});

test("a pong is answered without waking the object, and its time is kept", async () => {
  const socket = await open("pong");
  await worker.evict("pong");
  assert.equal(await ask(socket, "3"), "6");
  await sleep(50);
  assert.equal(worker.boots("pong"), 1);
  assert.equal((await info("pong"))[0].answered, true);
  assert.equal(worker.boots("pong"), 2);
  socket.close();
});

test("an alarm wakes a hibernated object", async () => {
  const socket = await open("alarm");
  await fetch(`${worker.url}/alarm?w=alarm`);
  await worker.evict("alarm");
  for (let i = 0; i < 50 && !worker.logs.includes("alarm"); i++) await sleep(50);
  assert.ok(worker.logs.includes("alarm"));
  assert.equal(worker.boots("alarm"), 2);
  socket.close();
});

test("evicting an object that is hibernated already is no error", async () => {
  await info("twice");
  assert.equal(await worker.evict("twice"), true);
  assert.equal(await worker.evict("twice"), false);
});

test("bufferedAmount counts bytes until they were sent", async () => {
  const socket = await open("buffer");
  const arrived = new Promise((resolve) => socket.once("message", resolve));
  assert.deepEqual(await (await fetch(`${worker.url}/send?w=buffer`)).json(), [1000]);
  await arrived;
  assert.equal((await info("buffer"))[0].buffered, 0);
  socket.close();
});

// With workerd alone: Miniflare's proxy in front of it compresses whatever the flag says.
test("with the flags of wrangler.toml, a WebSocket is not compressed, even if the client offers it", async () => {
  const [, date] = readFileSync(join(ROOT, "wrangler.toml"), "utf8").match(/^compatibility_date = (".*")$/m);
  const [, flags] = readFileSync(join(ROOT, "wrangler.toml"), "utf8").match(/^compatibility_flags = (\[.*\])$/m);
  const asWritten = await extensionsOf(date, flags);
  assert.equal(asWritten, "");
  assert.match(await extensionsOf(date, "[]"), /permessage-deflate/, "without the flag it is");
});

/** Returns the extensions that a Worker with these flags accepts from a client that offers compression. */
async function extensionsOf(date, flags) {
  const dir = mkdtempSync(join(tmpdir(), "dormouse-workerd-"));
  writeFileSync(
    join(dir, "worker.js"),
    `export default { fetch() {
      const { 0: client, 1: server } = new WebSocketPair();
      server.accept();
      return new Response(null, { status: 101, webSocket: client });
    } };`,
  );
  writeFileSync(
    join(dir, "config.capnp"),
    `using Workerd = import "/workerd/workerd.capnp";
    const config :Workerd.Config = (
      services = [(name = "main", worker = .worker)],
      sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")]
    );
    const worker :Workerd.Worker = (
      modules = [(name = "worker.js", esModule = embed "worker.js")],
      compatibilityDate = ${date},
      compatibilityFlags = ${flags}
    );`,
  );
  const command = join(BIN, "workerd");
  const workerd = spawn(command, ["serve", join(dir, "config.capnp"), "--control-fd=3"], { stdio: ["ignore", "ignore", "inherit", "pipe"] });
  try {
    const [line] = await within(once(createInterface({ input: workerd.stdio[3] }), "line"), "workerd to listen");
    const socket = new WebSocket(`ws://127.0.0.1:${JSON.parse(line).port}/`, { perMessageDeflate: true });
    await within(once(socket, "open"), "a WebSocket");
    const { extensions } = socket;
    socket.terminate();
    return extensions;
  } finally {
    workerd.kill();
    rmSync(dir, { recursive: true });
  }
}
