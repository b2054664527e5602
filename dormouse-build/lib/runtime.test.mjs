// What is served, and what is said, when a Worker refuses: in the place of Miniflare, one that does as the test says.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { Runtime } from "./runtime.mjs";

/** A runtime whose Worker responds as `respond(init)` does, after it has logged `lines`; `set(options)` is what Miniflare does with others. */
function runtimeOf(t, { respond, lines = [], set = () => {}, probeMs }) {
  const out = mkdtempSync(join(tmpdir(), "dormouse-runtime-"));
  t.after(() => rmSync(out, { recursive: true }));
  writeFileSync(join(out, "index.js"), "");
  const shown = [];
  let hear;
  class Miniflare {
    ready = Promise.resolve(new URL("http://127.0.0.1:1"));
    setOptions = async (options) => set(options);
    dispatchFetch = (_, init) => {
      for (const message of lines) hear({ timestamp: 0, message });
      return respond(init);
    };
  }
  const convertV4MiniflareOptions = ({ handleStructuredLogs, rootPath }) => {
    hear = handleStructuredLogs;
    return { rootPath, workers: [{ config: { name: "app", env: {} } }] };
  };
  const load = async () => ({ Miniflare, Log: class {}, LogLevel: {}, convertV4MiniflareOptions });
  const runtime = new Runtime({ host: "127.0.0.1", port: 0, persist: out, load, onLog: ({ message }) => shown.push(message), ...(probeMs && { probeMs }) });
  const serve = (root = "a") => runtime.serve({ name: "app", root, worker: {}, dropped: [] }, out);
  return { serve, shown };
}
const ok = async () => new Response("no", { status: 404 });

test("what a Worker refuses is said once", async (t) => {
  const message = 'MAX_PAYLOAD_BYTES is "x\\y": not a number';
  const lines = [JSON.stringify({ level: "error", message }), message, "another"];
  const { serve, shown } = runtimeOf(t, { lines, respond: async () => Response.json({ message }, { status: 500 }) });
  await assert.rejects(serve(), { message: `The Worker refuses to serve: ${message}` });
  assert.deepEqual(shown, ["another"]);
});

test("a Worker that does not respond is not waited for", async (t) => {
  const respond = ({ signal }) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  // The timer of a signal keeps no process alive.
  const alive = setInterval(() => {}, 1000);
  t.after(() => clearInterval(alive));
  const { serve } = runtimeOf(t, { respond, probeMs: 20 });
  await assert.rejects(serve(), { message: "The Worker refuses to serve: it has not responded within 0.02 s." });
});

test("if what was served before cannot be served again, the first reason is said, too", async (t) => {
  let respond = ok;
  const { serve } = runtimeOf(t, {
    respond: () => respond(),
    set: ({ rootPath }) => {
      if (rootPath === "a") throw new Error("no port");
    },
  });
  await serve("a");
  respond = async () => new Response("no such variable", { status: 500 });
  await assert.rejects(serve("b"), /refuses to serve: no such variable\n.*cannot be served any more: no port/);
});
