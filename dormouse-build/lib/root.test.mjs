// The folders that options of the project's own commands name.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join, resolve } from "node:path";
import test from "node:test";
import { ROOT, crateDirOf, exampleDir, pathOf } from "../../scripts/lib/root.mjs";
import { Refusal } from "./run.mjs";

test("a folder or example that is not there is refused in one line", () => {
  assert.throws(() => exampleDir("nope"), (error) => error instanceof Refusal && /no example "nope"/.test(error.message));
  assert.throws(() => crateDirOf("nope"), (error) => error instanceof Refusal && /no Cargo\.toml in .*nope/.test(error.message));
});

test("a path is relative to where npm was called", (t) => {
  const { INIT_CWD } = process.env;
  t.after(() => (INIT_CWD === undefined ? delete process.env.INIT_CWD : (process.env.INIT_CWD = INIT_CWD)));
  process.env.INIT_CWD = "/elsewhere";
  assert.equal(pathOf("a/b.toml"), resolve("/elsewhere/a/b.toml"));
  delete process.env.INIT_CWD;
  assert.equal(pathOf("a"), resolve("a"));
});

test("the commands name the options that they have", () => {
  for (const command of ["build", "dist"]) {
    const env = { ...process.env, DORMOUSE_READY: "1" };
    const { status, stderr } = spawnSync(process.execPath, [join(ROOT, "scripts", `${command}.mjs`), "--nope"], { encoding: "utf8", env });
    assert.deepEqual([status, /✗ Unknown option '--nope'\. The options are --/.test(stderr)], [1, true], stderr);
  }
});
