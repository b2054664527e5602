// The end of a server, in a process of its own.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { within } from "../../miniflare/waiting.mjs";

/** Starts a process whose `end` is this expression; it lives until it is ended. `before`: what it does first. */
async function serving(t, end, before = "") {
  const script = `import { onStop } from ${JSON.stringify(new URL("stop.mjs", import.meta.url).href)};
    onStop(async () => { console.log("ending"); await (${end}); })();
    setInterval(() => {}, 1000);
    ${before};
    console.log("ready");`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], { env: { ...process.env, npm_lifecycle_event: "" }, stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => child.kill("SIGKILL"));
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text) => (output += text));
  const exited = once(child, "exit").then(([code]) => [code, output]);
  await within(once(child.stdout, "data"), "the process");
  return { child, exited: () => within(exited, "its end") };
}

test("a signal that arrives twice ends it once, in order", async (t) => {
  const { child, exited } = await serving(t, "new Promise((done) => setTimeout(done, 300))");
  child.kill("SIGINT");
  await once(child.stdout, "data");
  child.kill("SIGINT");
  assert.deepEqual(await exited(), [0, "ready\nending\n"]);
});

test("an end that hangs is not waited for", async (t) => {
  const { child, exited } = await serving(t, "new Promise(() => {})");
  child.kill("SIGTERM");
  assert.deepEqual(await exited(), [1, "ready\nending\n"]);
});

test("a second Ctrl-C ends it at once", async (t) => {
  const withoutLimit = "globalThis.setTimeout = () => ({ unref() {} })";
  const { child, exited } = await serving(t, "new Promise(() => {})", withoutLimit);
  child.kill("SIGINT");
  await once(child.stdout, "data");
  await sleep(1_100);
  child.kill("SIGINT");
  assert.deepEqual(await exited(), [1, "ready\nending\n"]);
});
