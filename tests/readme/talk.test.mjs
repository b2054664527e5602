// The README's example, run unchanged except for the address: two clients of a world, fifteen idle seconds, one wake.

import { deepEqual, equal } from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { ROOT } from "../../scripts/lib/root.mjs";
import { startWorker } from "../../miniflare/world.mjs";

const ADDRESS = "http://localhost:8787";

test("two clients talk, the world hibernates, and they talk again", async (t) => {
  const worker = await startWorker();
  t.after(() => worker.dispose());
  const script = readFileSync(join(ROOT, "README.md"), "utf8").match(/```js\n(import { io }.*?)```/s)[1];
  equal(script.split(ADDRESS).length, 2, "the script names the server once");
  equal(script.trim().split("\n").length <= 11, true, "it is short");

  // Inside the project, so that it finds socket.io-client as the README's reader does.
  const folder = join(ROOT, "target", "readme");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "talk.mjs"), script.replace(ADDRESS, worker.url));
  const { stdout } = await promisify(execFile)(process.execPath, ["talk.mjs"], { cwd: folder, timeout: 120_000 });

  const lines = stdout.trim().split("\n").sort();
  deepEqual(lines, [
    "anna's answer: { d20: 17 }",
    "anna's answer: { d20: 4 }",
    "ben hears: { d20: 17 }",
    "ben hears: { d20: 4 }",
  ]);
  equal(worker.boots("my-world"), 2);
});
