import assert from "node:assert/strict";
import test from "node:test";
import { cdylibOnly } from "./cdylib-only.mjs";

test("a build links the cdylib only", () => {
  assert.deepEqual(cdylibOnly(["build", "--lib", "--release"]), ["rustc", "--crate-type=cdylib", "--lib", "--release"]);
  assert.deepEqual(cdylibOnly(["+nightly", "build", "--lib"]), ["+nightly", "rustc", "--crate-type=cdylib", "--lib"]);
});

test("other commands are not changed", () => {
  for (const args of [["metadata", "--format-version=1"], ["+nightly", "test", "build"], ["--version"], []]) {
    assert.deepEqual(cdylibOnly(args), args);
  }
});
