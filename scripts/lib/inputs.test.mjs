// Which files each package is built from, and so when its build is stale.

import { deepEqual, equal, notEqual, ok } from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { test } from "node:test";
import { settingsOf } from "../build.mjs";
import { fingerprint, inputsOf } from "./inputs.mjs";
import { RELAY, ROOT, exampleDir } from "./root.mjs";

test("the relay is built from its own sources, the tabletop's and the crate's", () => {
  const inputs = inputsOf(RELAY).map((path) => relative(ROOT, path));
  for (const path of ["Cargo.toml", "Cargo.lock", "relay/src/lib.rs", "tabletop/Cargo.toml", "tabletop/src/lib.rs", "src/lib.rs", "src/cloudflare/runtime.js"]) {
    ok(inputs.includes(path), path);
  }
});

test("a dev-dependency is no input of a build", () => {
  const inputs = inputsOf(exampleDir("chat")).map((path) => relative(ROOT, path));
  ok(inputs.includes("src/lib.rs"));
  deepEqual(inputs.filter((path) => path.startsWith("tabletop")), []);
});

test("a user's own package is stale when a dependency of its dependency changes", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "dormouse-inputs-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const write = (name, dependency) => {
    mkdirSync(join(folder, name, "src"), { recursive: true });
    const dependencies = dependency ? `[dependencies]\n${dependency} = { path = "../${dependency}" }\n` : "";
    writeFileSync(join(folder, name, "Cargo.toml"), `[package]\nname = "${name}"\nedition = "2024"\n${dependencies}[workspace]\n`);
    writeFileSync(join(folder, name, "src/lib.rs"), "");
  };
  write("server", "rules");
  write("rules", "dice");
  write("dice");
  const print = () => fingerprint({ crateDir: join(folder, "server"), settings: {} });
  const before = print();
  deepEqual(print(), before);
  writeFileSync(join(folder, "dice/src/lib.rs"), "pub fn roll() {}\n");
  notEqual(print(), before);
});

test("a build is stale when binaryen, which shrinks it, changes", () => {
  const { version } = JSON.parse(readFileSync(join(ROOT, "node_modules/binaryen/package.json"), "utf8"));
  equal(settingsOf({}).binaryen, version);
});
