// The servers that are measured. All do the same work, each written as its users would: see perf/peers/.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { build as buildWorker } from "../../scripts/build.mjs";
import { newerNode } from "../../scripts/lib/npm.mjs";
import { BIN, ROOT } from "../../scripts/lib/root.mjs";
import { Refusal, run } from "../../scripts/lib/run.mjs";
import { tied } from "./tied.mjs";
import { modulesOf, startWorkerd } from "./workerd.mjs";

const source = (name) => join(ROOT, "perf", "peers", name);
const BUNDLE = join(ROOT, "target", "bench", "partyserver.js");

/**
 * Each peer:
 * - `title`: its name in tables and charts;
 * - `dialect`: the load generator's dialect for it;
 * - `hibernates`: whether it hibernates;
 * - `polls`: whether it has HTTP long-polling;
 * - `build`: builds what `start` needs;
 * - `start`: starts a server in a new process, and resolves with its `url`, `pid`, `boots()` and `stop()`.
 */
export const peers = {
  bare: {
    title: "bare object",
    dialect: "socketio",
    hibernates: true,
    polls: false,
    build: async () => {},
    start: () => onWorkerd("/socket.io/", { modules: { "bare.js": source("bare.js") } }),
  },
  dormouse: {
    title: "Dormouse",
    dialect: "socketio",
    hibernates: true,
    polls: true,
    build: () => buildWorker({ crate: source("dormouse") }),
    start: () =>
      onWorkerd("/w/bench/socket.io/", {
        modules: modulesOf(join(source("dormouse"), "build")),
        vars: { PING_INTERVAL_MS: "300000" },
      }),
  },
  partyserver: {
    title: "partyserver",
    dialect: "raw",
    hibernates: true,
    polls: false,
    build: bundle,
    start: () => onWorkerd("/parties/world/bench", { modules: { "partyserver.js": BUNDLE } }),
  },
  socketio: {
    title: "socket.io on Node",
    dialect: "socketio",
    hibernates: false,
    polls: true,
    build: async () => {},
    start: onNode,
  },
};

async function bundle() {
  mkdirSync(join(BUNDLE, ".."), { recursive: true });
  const options = ["--bundle", "--format=esm", "--external:cloudflare:*", "--log-level=warning", `--outfile=${BUNDLE}`];
  await run(join(BIN, "esbuild"), [source("partyserver.js"), ...options]);
}

async function onWorkerd(path, worker) {
  const server = await startWorkerd(worker);
  return { ...server, url: `ws://127.0.0.1:${server.port}${path}` };
}

async function onNode() {
  const child = spawn(newerNode(), [source("socketio.mjs")], { stdio: ["ignore", "pipe", "inherit"] });
  const { ended, end } = tied(child);
  const listening = once(createInterface({ input: child.stdout }), "line");
  const line = await Promise.race([listening, ended.then(() => null)]);
  if (!line) throw new Refusal("the socket.io server did not start");
  return {
    pid: child.pid,
    url: `ws://127.0.0.1:${line[0].split(" ")[1]}/socket.io/`,
    boots: () => 1,
    stop: end,
  };
}
