import assert from "node:assert/strict";
import test from "node:test";
import { withoutUnused } from "./unused-exports.mjs";

const HASH = "0123456789abcdef";
const exported = (names) => names.flatMap((name) => ["--export", `${name}_${HASH}`]);
const imported = (...names) => new Set(names.map((name) => `${name}_${HASH}`));
const OTHERS = ["-o", "r2range_file.wasm", "--gc-sections"];

test("the exports of classes without instances are left out, and no others", () => {
  const dead = ["r2range_x", "__wbg_r2range_free", "__wbg_get_r2range_length", "__wbindgen_describe_r2range_x", "minifyconfig_y"];
  const alive = ["world_fetch", "__wbindgen_describe_world_fetch", "sink_r2range_", "__wbg_world_free"];
  assert.deepEqual(withoutUnused([...exported(dead), ...exported(alive), ...OTHERS], imported()), [...exported(alive), ...OTHERS]);
  assert.deepEqual(withoutUnused(["--export"], imported()), ["--export"]);
});

test("the exports of a class that Rust makes instances of stay", () => {
  const exports = ["r2range_x", "__wbg_r2range_free", "__wbg_get_r2range_length", "__wbindgen_describe_r2range_x"];
  assert.deepEqual(withoutUnused([...exported(exports), ...OTHERS], imported("__wbg_r2range_new")), [...exported(exports), ...OTHERS]);
});

test("only the imports that there are are described", () => {
  const [used, unused] = ["__wbindgen_describe___wbg_log", "__wbindgen_describe___wbg_close"];
  const kept = exported([used, "__wbindgen_describe___wbg_dynamic_union_kind_0", "__wbindgen_describe_fetch"]);
  assert.deepEqual(withoutUnused([...exported([unused]), ...kept, ...OTHERS], imported("__wbg_log", "__wbg_now")), [...kept, ...OTHERS]);
});
