// Which files each package is built from, and so when its build is stale.

import { deepEqual, equal, notDeepEqual, ok } from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { test } from "node:test";
import { RELAY, ROOT, exampleDir } from "../../scripts/lib/root.mjs";
import { DEVELOPMENT, RELEASE } from "./build-profiles.mjs";
import { settingsOf } from "./build.mjs";
import { Inputs, inputsOf, namedBy } from "./inputs.mjs";
import { kindOf, watchedFolders } from "./watched.mjs";

test("the relay is built from its own sources, the tabletop's and the crate's", () => {
  const inputs = inputsOf(RELAY).paths.map((path) => relative(ROOT, path));
  for (const path of ["Cargo.toml", "Cargo.lock", "relay/src/lib.rs", "tabletop/Cargo.toml", "tabletop/src/lib.rs", "src/lib.rs", "src/cloudflare/runtime.js"]) {
    ok(inputs.includes(path), path);
  }
});

test("a dev-dependency is no input of a build", () => {
  const inputs = inputsOf(exampleDir("chat")).paths.map((path) => relative(ROOT, path));
  ok(inputs.includes("src/lib.rs"));
  deepEqual(inputs.filter((path) => path.startsWith("tabletop")), []);
});

/** A package with dependencies in a folder, and an empty build of it. */
function userPackage(t) {
  const folder = mkdtempSync(join(tmpdir(), "dormouse-inputs-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const write = (name, text) => {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  };
  const add = (name, dependency) => {
    const dependencies = dependency ? `[dependencies]\n${dependency} = { path = "../${dependency}" }\n` : "";
    write(`${name}/Cargo.toml`, `[package]\nname = "${name}"\nedition = "2024"\n${dependencies}[lib]\ncrate-type = ["cdylib", "rlib"]\n[workspace]\n`);
    write(`${name}/src/lib.rs`, "");
  };
  add("my-server", "rules");
  add("rules", "dice");
  add("dice");
  const [crate, out] = [join(folder, "my-server"), join(folder, "my-server/build")];
  for (const file of ["index.js", "index_bg.wasm"]) write(`my-server/build/${file}`, "");
  const begin = (settings = {}) => new Inputs({ crate, out, settings });
  const isFresh = (settings) => begin(settings).areBuilt;
  const build = (profile = RELEASE) => begin().end(profile.folder);
  const watched = () => ({ crate, config: join(crate, "wrangler.toml"), out, inputs: inputsOf(crate), named: namedBy(out) });
  return { folder, out, write, begin, isFresh, build, watched };
}

test("a user's own package is stale when a dependency of its dependency changes", (t) => {
  const { write, begin, isFresh, build } = userPackage(t);
  equal(isFresh(), false);
  build();
  equal(isFresh(), true);
  equal(isFresh({ features: "x" }), false);
  write("dice/src/lib.rs", "pub fn roll() {}\n");
  equal(isFresh(), false);
  build();
  equal(isFresh(), true);
  begin().begin();
  equal(isFresh(), false, "while it is built, and after a build that failed");
});

for (const profile of [RELEASE, DEVELOPMENT]) {
  test(`what the compiler read in a ${profile.name} build makes it stale, and is watched`, (t) => {
    const { folder, out, write, begin, isFresh, build, watched } = userPackage(t);
    write("my-server/schema.sql", "1");
    write("shared/a b.txt", "1");
    write("shared/proto/inner/x.proto", "1");
    const named = [join(folder, "my-server/schema.sql"), join(folder, "shared/a b.txt"), join(folder, "shared/proto")];
    const generated = join(folder, "my-server/target/generated.rs");
    const deps = [join(folder, "my-server/src/lib.rs"), ...named, generated].map((path) => path.replaceAll(" ", "\\ "));
    write(`my-server/target/wasm32-unknown-unknown/${profile.folder}/my_server.d`, `${folder}/my_server.wasm: ${deps.join(" ")}\n`);
    build(profile);
    deepEqual(namedBy(out), named);
    build(profile); // sure, now that the files are known before
    for (const path of ["my-server/schema.sql", "shared/a b.txt", "shared/proto/inner/x.proto"]) {
      equal(isFresh(), true, path);
      write(path, "2");
      equal(isFresh(), false, path);
      equal(kindOf(join(folder, path), watched()), "sources", path);
      ok(watchedFolders(watched()).includes(dirname(join(folder, path))), path);
      build(profile);
    }
    begin().begin();
    deepEqual(namedBy(out), named, "after a build that failed");
  });
}

test("a package in the target folder has inputs, too", (t) => {
  const { CARGO_TARGET_DIR } = process.env;
  t.after(() => (CARGO_TARGET_DIR === undefined ? delete process.env.CARGO_TARGET_DIR : (process.env.CARGO_TARGET_DIR = CARGO_TARGET_DIR)));
  const { folder, out, write, isFresh, build } = userPackage(t);
  process.env.CARGO_TARGET_DIR = folder;
  write("my-server/schema.sql", "1");
  const deps = ["my-server/schema.sql", "wasm32-unknown-unknown/release/build/x/out/generated.rs"].map((path) => join(folder, path));
  write("wasm32-unknown-unknown/release/my_server.d", `x: ${deps.join(" ")}\n`);
  build();
  build();
  deepEqual(namedBy(out), deps.slice(0, 1));
  equal(isFresh(), true);
  write("my-server/src/lib.rs", "//");
  equal(isFresh(), false);
});

test("a file that may have been saved while the build read it is not taken as built", (t) => {
  const { folder, write, begin, isFresh } = userPackage(t);
  const inputs = begin();
  write("schema.sql", "1");
  write("my-server/target/wasm32-unknown-unknown/release/my_server.d", `x: ${join(folder, "schema.sql")}\n`);
  inputs.end("release");
  equal(isFresh(), false);
});

test("a build script that does not say what it reads may read its whole package", (t) => {
  const { folder, write, isFresh, build, watched } = userPackage(t);
  write("rules/build.rs", "fn main() {}");
  write("rules/data/words.txt", "1");
  build();
  for (const name of ["target", "build", "dist", "node_modules", ".git"]) write(`rules/${name}/x`, "1");
  equal(isFresh(), true);
  equal(kindOf(join(folder, "rules/target/x"), watched()), undefined);
  equal(kindOf(join(folder, "rules/data/words.txt"), watched()), "sources");
  ok(watchedFolders(watched()).includes(join(folder, "rules/data")));
  write("rules/data/words.txt", "2");
  equal(isFresh(), false);
  write("rules/build.rs", 'fn main() { println!("cargo::rerun-if-changed=other") }');
  build();
  write("rules/data/words.txt", "3");
  equal(isFresh(), true, "then cargo names what it reads");
  equal(kindOf(join(folder, "rules/data/words.txt"), watched()), undefined);
});

test("cargo's configuration and the toolchain make a build stale, and are watched", (t) => {
  const { folder, write, isFresh, build, watched } = userPackage(t);
  for (const path of ["my-server/.cargo/config.toml", "rust-toolchain.toml", "my-server/build.rs"]) {
    build();
    write(path, path.endsWith(".rs") ? "fn main() {}" : "");
    equal(isFresh(), false, path);
    equal(kindOf(join(folder, path), watched()), "manifest");
    ok(watchedFolders(watched()).includes(dirname(join(folder, path))), path);
  }
  equal(kindOf(join(folder, "my-server/.cargo"), watched()), "manifest");
});

test("pages, the configuration and what an editor writes are known; a new file counts after a build that failed", (t) => {
  const { folder, watched } = userPackage(t);
  const kind = (path, more) => kindOf(join(folder, "my-server", path), { ...watched(), ...more });
  deepEqual(["public/x.html", "public/.well-known/x", "public/.DS_Store", "wrangler.toml", ".dev.vars", "src/new.rs", "src/.new.rs.swp", "README.md"].map((path) => kind(path)), ["pages", "pages", undefined, "configuration", "configuration", "sources", undefined, undefined]);
  deepEqual(["schema.sql", "build", "target"].map((path) => kind(path, { failed: true })), ["sources", undefined, undefined]);
});

test("a build is stale when the flags of the compiler change", (t) => {
  const { RUSTFLAGS } = process.env;
  t.after(() => (RUSTFLAGS === undefined ? delete process.env.RUSTFLAGS : (process.env.RUSTFLAGS = RUSTFLAGS)));
  const before = settingsOf({});
  process.env.RUSTFLAGS = "--cfg changed";
  notDeepEqual(settingsOf({}), before);
});

test("a build is stale when binaryen, which shrinks it, changes", () => {
  const { version } = JSON.parse(readFileSync(join(ROOT, "node_modules/binaryen/package.json"), "utf8"));
  equal(settingsOf({}).binaryen, version);
});
