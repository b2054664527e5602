import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import test from "node:test";
import { files, folders } from "./tree.mjs";

test("links to files and folders are followed, each once, and broken ones left out", (t) => {
  const dir = mkdtempSync(join(tmpdir(), "dormouse-tree-"));
  t.after(() => rmSync(dir, { recursive: true }));
  mkdirSync(join(dir, "a/inner"), { recursive: true });
  mkdirSync(join(dir, "left"));
  writeFileSync(join(dir, "a/inner/x"), "");
  writeFileSync(join(dir, "left/y"), "");
  symlinkSync("a/inner", join(dir, "linked"));
  symlinkSync("..", join(dir, "a/up"));
  symlinkSync("nowhere", join(dir, "broken"));
  symlinkSync("itself", join(dir, "itself"));
  const found = (walk) => [...walk].map((path) => relative(dir, path));
  const isLeftOut = (name) => name === "left";
  assert.deepEqual(found(files(dir, isLeftOut)), ["a/inner/x", "linked/x"]);
  assert.deepEqual(found(folders(dir, isLeftOut)), ["", "a", "a/inner", "a/up", "linked"]);
  assert.deepEqual([...files(join(dir, "not there"))], []);
});
