// Compares builds whose panics unwind with builds whose panics abort: the size of the wasm, and the cost of calls out of wasm.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "../../scripts/build.mjs";
import { ROOT } from "../../scripts/lib/root.mjs";
import { load } from "../lib/load.mjs";
import { peers } from "../lib/peers.mjs";
import { modulesOf, startWorkerd } from "../lib/workerd.mjs";

const PEER = join(ROOT, "perf", "peers", "dormouse");
const target = (name) => join(ROOT, "target", "bench", name);

export const builds = { unwind: true, abort: false };

const WORKS = {
  "broadcast of 100 B to 100 clients, per delivery": { work: "broadcast", clients: 100, bytes: 100 },
  "acknowledgement, 20 clients": { work: "ack", clients: 20, bytes: 100 },
  "connecting 1,000 clients, per client": { work: "connect", clients: 1_000 },
};

/** Builds the bench's server and the relay both ways, and returns their paths. */
export async function makeBuilds() {
  const made = {};
  for (const [name, unwind] of Object.entries(builds)) {
    made[name] = {
      server: await build({ crate: PEER, out: target(`dormouse-${name}`), unwind }),
      relay: await build({ out: target(`relay-${name}`), unwind }),
    };
  }
  return made;
}

/** Returns the size of the relay's wasm in bytes, uncompressed and as gzip. */
export function sizeOf({ relay }) {
  const wasm = readFileSync(join(relay, "index_bg.wasm"));
  return { raw: wasm.length, gzip: gzipSync(wasm, { level: 9 }).length };
}

/** Measures one round of one build: the server's CPU time by work, in microseconds. */
export async function measureBuild(program, { server }) {
  const results = {};
  for (const [name, work] of Object.entries(WORKS)) results[name] = await cpuOf(program, server, work);
  return results;
}

/** Returns the CPU time of a new server for one work, in microseconds. */
export async function cpuOf(program, build, work) {
  const server = await startWorkerd({ modules: modulesOf(build), vars: { PING_INTERVAL_MS: "300000" } });
  try {
    const url = `ws://127.0.0.1:${server.port}/w/bench/socket.io/`;
    const { server_cpu_us } = await load(program, peers.dormouse, { ...server, url }, work);
    return server_cpu_us;
  } finally {
    await server.stop();
  }
}
