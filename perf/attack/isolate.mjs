// What a Worker's isolate has in memory: the heap of JavaScript, its buffers, and the memory of wasm. The platform allows 128 MB for all of
// them. What the runtime has beside them, such as connections and what waits on them, is not in it, but in the process.

import { once } from "node:events";
import { readFileSync, readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** The options of `startWorker` for a Worker whose isolate can be measured. */
export const MEASURABLE = { wrapper: "miniflare/fixtures/instance-memory.js", inspectorPort: 0 };

/** Measures a Worker's isolate all the time, and knows the most of everything. */
export class Isolate {
  /** The most bytes of each kind: `wasm`, the `heap` of JavaScript, its `buffers`, `all` of these at once, and the `process`. */
  most = { wasm: 0, heap: 0, buffers: 0, all: 0, process: 0 };
  #isWatched = true;
  #watch;

  /** Begins to measure. */
  static async watch(worker) {
    const { port } = await worker.mf.getInspectorURL();
    const targets = await (await fetch(`http://127.0.0.1:${port}/json`)).json();
    const { webSocketDebuggerUrl } = targets.find(({ id }) => id.startsWith("core:user:"));
    const inspector = new WebSocket(webSocketDebuggerUrl);
    await once(inspector, "open");
    const isolate = new Isolate();
    isolate.idle = await isolate.#measure(worker, inspector);
    isolate.#watch = (async () => {
      while (isolate.#isWatched) {
        await isolate.#measure(worker, inspector);
        await sleep(50);
      }
      inspector.close();
    })();
    return isolate;
  }

  /** Ends to measure. */
  async end() {
    this.#isWatched = false;
    await this.#watch;
  }

  async #measure(worker, inspector) {
    inspector.send(JSON.stringify({ id: 1, method: "Runtime.getHeapUsage" }));
    const [[{ data }], sizes] = await Promise.all([once(inspector, "message"), fetch(`${worker.url}/test/memory`).then((response) => response.json())]);
    const { totalSize: heap, backingStorageSize: buffers } = JSON.parse(data).result;
    const wasm = sizes.reduce((all, bytes) => all + bytes, 0);
    const now = { wasm, heap, buffers, all: wasm + heap + buffers, process: resident() };
    for (const [kind, bytes] of Object.entries(now)) this.most[kind] = Math.max(this.most[kind], bytes);
    return now;
  }
}

/** Returns the resident memory of the runtime in bytes: the largest of the processes that this one has started. */
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
  return Math.max(0, ...kilobytes) * 1024;
}
