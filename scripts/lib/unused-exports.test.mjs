import assert from "node:assert/strict";
import test from "node:test";
import { usedClasses, withoutClasses } from "./unused-exports.mjs";

const HASH = "0123456789abcdef";
const exported = (names) => names.flatMap((name) => ["--export", `${name}_${HASH}`]);

test("the exports of classes without instances are left out, and no others", () => {
  const dead = ["r2range_x", "__wbg_r2range_free", "__wbg_get_r2range_length", "__wbindgen_describe_r2range_x", "minifyconfig_y"];
  const alive = ["world_fetch", "__wbindgen_describe_world_fetch", "sink_r2range_", "__wbg_world_free"];
  const others = ["-o", "r2range_file.wasm", "--gc-sections"];
  assert.deepEqual(withoutClasses([...exported(dead), ...exported(alive), ...others], ["r2range", "minifyconfig"]), [...exported(alive), ...others]);
  assert.deepEqual(withoutClasses([...exported(dead), ...others], []), [...exported(dead), ...others]);
  assert.deepEqual(withoutClasses(["--export"], ["r2range"]), ["--export"]);
});

test("a class is used if Rust makes instances of it", () => {
  assert.deepEqual(usedClasses([`__wbg_r2range_new_${HASH}`, `__wbg_worldclass_new_${HASH}`, `__wbg_log_${HASH}`]), ["r2range"]);
});
