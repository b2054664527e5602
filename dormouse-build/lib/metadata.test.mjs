import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { fetchDependencies, metadata } from "./metadata.mjs";
import { demand } from "./run.mjs";

function package_(t, manifest) {
  const dir = mkdtempSync(join(tmpdir(), "dormouse-metadata-"));
  t.after(() => rmSync(dir, { recursive: true }));
  mkdirSync(join(dir, "src"));
  writeFileSync(join(dir, "src/lib.rs"), "");
  writeFileSync(join(dir, "Cargo.toml"), manifest);
  return dir;
}

test("why cargo cannot read a package is said in its own words", (t) => {
  const dir = package_(t, '[package]\nname = "x"\n[dependencies]\ny = { path = "missing" }\n[workspace]\n');
  assert.throws(() => metadata(dir), /^Error: Cargo cannot read .*Cargo\.toml, or resolve its dependencies\. `cargo metadata .*` says:\n[^]*missing/);
});

test("a program that must succeed is said to be missing, or to be too slow", () => {
  assert.throws(() => demand("not-there", [], { why: "No" }), /^Error: No: not-there is not installed/);
  assert.throws(() => demand(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { why: "No", timeout: 200 }), /^Error: No: .*took longer than 0\.2 s/);
});

test("a package without a lock file gets one before its dependencies are asked for", async (t) => {
  const dir = package_(t, '[package]\nname = "x"\nedition = "2024"\n[workspace]\n');
  await fetchDependencies(dir);
  const { packages } = metadata(dir, "--locked", "--offline");
  assert.deepEqual(packages.map(({ name }) => name), ["x"]);
});
