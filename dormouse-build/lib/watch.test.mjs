import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { until } from "../../miniflare/waiting.mjs";
import { Refusal } from "./run.mjs";
import { Watch, isOfEditor } from "./watch.mjs";

function watched(t) {
  const dir = mkdtempSync(join(tmpdir(), "dormouse-watch-"));
  const heard = new Set();
  const watch = new Watch((path) => heard.add(path));
  t.after(() => (watch.end(), rmSync(dir, { recursive: true })));
  return { dir, heard, watch };
}

test("a file that is written, replaced, removed or in a new folder is heard of", async (t) => {
  const { dir, heard, watch } = watched(t);
  const src = join(dir, "src");
  mkdirSync(join(src, "inner"), { recursive: true });
  watch.set({ deep: [src, join(dir, "not there")] });
  const file = join(src, "inner", "a.rs");
  const hears = async (change, path = file) => {
    heard.clear();
    change();
    await until(() => heard.has(path), path);
  };
  await hears(() => writeFileSync(file, "1"));
  await hears(() => (writeFileSync(join(dir, "new"), "2"), renameSync(join(dir, "new"), file)));
  await hears(() => rmSync(file));
  await hears(() => mkdirSync(join(src, "later")), join(src, "later"));
  watch.set({ deep: [src] });
  await hears(() => writeFileSync(join(src, "later", "b.rs"), "3"), join(src, "later", "b.rs"));
  rmSync(src, { recursive: true });
  mkdirSync(src);
  watch.set({ deep: [src] });
  await hears(() => writeFileSync(join(src, "c.rs"), "4"), join(src, "c.rs"));
});

test("a flat folder is watched without those in it", async (t) => {
  const { dir, heard, watch } = watched(t);
  mkdirSync(join(dir, "target"));
  watch.set({ flat: [dir] });
  writeFileSync(join(dir, "target", "x"), "");
  writeFileSync(join(dir, "Cargo.toml"), "");
  await until(() => heard.has(join(dir, "Cargo.toml")), "Cargo.toml");
  assert.equal(heard.has(join(dir, "target", "x")), false);
});

test("an editor's own files are known", () => {
  for (const name of [".lib.rs.swp", "lib.rs~", "#lib.rs#", "4913", ".git", "lib.rs.tmp"]) assert.equal(isOfEditor(name), true, name);
  for (const name of ["lib.rs", "a.b.rs", "swp.rs"]) assert.equal(isOfEditor(name), false, name);
});

test("a system that watches no more folders is told of, with what to do", () => {
  for (const code of ["ENOSPC", "EMFILE"]) {
    const start = () => {
      throw Object.assign(new Error(`${code}: no`), { code });
    };
    const watch = new Watch(() => {}, { start });
    assert.throws(() => watch.set({ flat: [tmpdir()] }), (error) => error instanceof Refusal && error.message.includes(code) && /--no-watch.*sysctl fs\.inotify\.max_user_watches/.test(error.message));
  }
});
