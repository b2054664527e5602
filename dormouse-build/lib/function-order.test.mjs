import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import binaryen from "binaryen";
import { nameByOrder, orderBySimilarity } from "./function-order.mjs";
import { bodiesOf, importsOf } from "./wasm-file.mjs";

/** Returns bytes that have nothing in common with those of another seed. */
const noise = (seed, length) => Uint8Array.from({ length }, (_, at) => (Math.imul((seed * 7919 + at) ^ 0x2545f491, 0x9e3779b1) >>> 16) & 255);
const join2 = (a, b) => Buffer.concat([a, b]);

test("functions that are similar are next to each other", () => {
  const [a, b] = [noise(1, 400), noise(2, 400)];
  const bodies = [join2(a, noise(3, 200)), join2(b, noise(4, 100)), join2(noise(5, 100), a), join2(noise(6, 50), b)];
  assert.deepEqual(orderBySimilarity(bodies), [0, 2, 1, 3]);
});

test("each function has one place", () => {
  const bodies = Array.from({ length: 300 }, (_, index) => noise(index % 40, 20 * (index % 31)));
  assert.deepEqual(orderBySimilarity(bodies).toSorted((a, b) => a - b), [...bodies.keys()]);
  assert.deepEqual(orderBySimilarity([]), []);
});

test("the functions of a file are named by their places; imports of all kinds are not counted", (t) => {
  const dir = mkdtempSync(join(tmpdir(), "dormouse-order-"));
  t.after(() => rmSync(dir, { recursive: true }));
  const file = join(dir, "index_bg.wasm");
  const code = (number) => `(i32.store (i32.const ${number}) (i32.add (i32.load (i32.const 123456)) (i32.const 654321)))`;
  const wasm = binaryen.parseText(`(module
    (import "m" "first" (func $first)) (import "m" "memory" (memory 1 2)) (import "m" "table" (table 1 funcref))
    (import "m" "global" (global i32)) (import "m" "tag" (tag)) (import "m" "last" (func $last (param i32)))
    (func $short ${code(1)}) (func $other (call $first) (call $last (i32.const 5))) (func $long ${code(2)} ${code(3)}))`);
  wasm.setFeatures(binaryen.Features.ReferenceTypes | binaryen.Features.ExceptionHandling);
  writeFileSync(file, wasm.emitBinary());
  assert.deepEqual(importsOf(readFileSync(file)).map(({ name }) => name).toSorted(), ["first", "global", "last", "memory", "table", "tag"]);
  assert.equal(bodiesOf(readFileSync(file)).length, 3);

  nameByOrder(file);
  const named = binaryen.readBinary(readFileSync(file));
  const names = Array.from({ length: 5 }, (_, index) => binaryen.getFunctionInfo(named.getFunctionByIndex(index)).name);
  assert.deepEqual(names.slice(2), ["0000001", "0000002", "0000000"]);
});
