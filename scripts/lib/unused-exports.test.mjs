import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import binaryen from "binaryen";
import { removeUnusedExports } from "./unused-exports.mjs";

async function exportsAfter(imports) {
  const dir = mkdtempSync(join(tmpdir(), "dormouse-exports-"));
  const file = join(dir, "index_bg.wasm");
  const names = ["world_fetch", "r2range_x", "__wbg_r2range_free", "__wbg_get_r2range_length", "intounderlyingsink_close", "sink_r2range_"];
  const wasm = binaryen.parseText(`(module ${imports} (func $f) ${names.map((name) => `(export "${name}" (func $f))`).join(" ")})`);
  try {
    writeFileSync(file, wasm.emitBinary());
    await removeUnusedExports(file);
    return WebAssembly.Module.exports(new WebAssembly.Module(readFileSync(file))).map(({ name }) => name);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

test("the exports of classes without instances are removed, and no others", async () => {
  assert.deepEqual(await exportsAfter(""), ["world_fetch", "sink_r2range_"]);
});

test("the exports of a class that Rust makes instances of stay", async () => {
  assert.deepEqual(
    await exportsAfter(`(import "./index_bg.js" "__wbg_r2range_new_0123456789abcdef" (func $new))`),
    ["world_fetch", "r2range_x", "__wbg_r2range_free", "__wbg_get_r2range_length", "sink_r2range_"],
  );
});
