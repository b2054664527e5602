import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import test from "node:test";
import { configurationOf } from "../commands/deploy.mjs";
import { checkEvents, checkEventsOf } from "./events.mjs";

const CRONS = "The configuration has cron triggers, and the Worker does not handle that: register a handler by `App::on_scheduled`, and write `dormouse::world!(World, app, scheduled);`.";

/** Returns a folder with a build that handles queues, and with these files. */
function folder(t, files = {}) {
  const out = mkdtempSync(join(tmpdir(), "dormouse-events-"));
  t.after(() => rmSync(out, { recursive: true }));
  const all = { "index.js": "te.prototype.fetch=function(e){};te.prototype.queue=function(e){};", ...files };
  for (const [name, contents] of Object.entries(all)) writeFileSync(join(out, name), contents);
  return out;
}

test("a configuration asks only for events that the build handles", (t) => {
  const out = folder(t);
  checkEvents([], out);
  checkEvents(["queue"], out);
  assert.throws(() => checkEvents(["scheduled", "queue"], out), { message: CRONS });
});

test("build and deploy check the events of the configuration beside the package", async (t) => {
  const app = 'name = "app"\nmain = "build/index.js"\ncompatibility_date = "2026-11-01"\n';
  const queue = '[[queues.consumers]]\nqueue = "news"\n';
  const crons = '[triggers]\ncrons = ["0 * * * *"]\n';
  for (const text of [undefined, app, app + queue, `${app}[triggers]\ncrons = []\n`]) {
    const crate = folder(t, text && { "wrangler.toml": text });
    await checkEventsOf(crate, crate);
  }
  const crate = folder(t, { "wrangler.toml": app + queue + crons, "other.toml": app });
  await assert.rejects(checkEventsOf(crate, crate), { message: CRONS });
  await checkEventsOf(crate, crate, { config: join(crate, "other.toml") });
  await assert.rejects(checkEventsOf(folder(t, { "wrangler.toml": `${app}crons =` }), crate), /Invalid TOML/);

  const staged = folder(t, { "wrangler.toml": `${app}[env.staging.triggers]\ncrons = ["0 * * * *"]\n` });
  await checkEventsOf(staged, staged);
  await assert.rejects(checkEventsOf(staged, staged, { env: "staging" }), { message: CRONS });
});

test("deploy checks the configuration and the environment that wrangler is told", () => {
  assert.deepEqual(configurationOf([]), { config: undefined, env: undefined });
  const config = resolve("other.toml");
  for (const args of [["-c", "other.toml", "--env", "staging"], ["--dry-run", "--config=other.toml", "-e", "staging", "--outdir", "x"]]) {
    assert.deepEqual(configurationOf(args), { config, env: "staging" });
  }
});
