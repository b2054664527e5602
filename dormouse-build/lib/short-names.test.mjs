import assert from "node:assert/strict";
import test from "node:test";
import binaryen from "binaryen";
import { shortenNames } from "./short-names.mjs";

const [LOG, CALL] = ["__wbg_log_0123456789abcdef", "wasm_bindgen_0123456789abcdef___invoke_fn_"];

test("names with a hash are short, and the script and the wasm agree about them", async () => {
  const module = binaryen.parseText(`(module
    (import "./m.js" "${LOG}" (func $log (param i32))) (import "./m.js" "${LOG}2" (func $more (param i32))) (import "./m.js" "memory" (memory 1 2))
    (func (export "${CALL}") (call $log (i32.const 1)) (call $more (i32.const 2))) (func (export "fetch") (call $log (i32.const 3))))`);
  const was = `return { "./m.js": { memory: new WebAssembly.Memory({ initial: 1, maximum: 2 }), ${LOG}: (x) => said.push(x), `
    + `${LOG}2: (x) => said.push(10 * x) }, run: (i) => { i.${CALL}(); i.fetch() } }`;
  const { script, wasm } = shortenNames(was, Buffer.from(module.emitBinary()));

  assert.doesNotMatch(script + wasm.toString("latin1"), /0123456789abcdef|m\.js/);
  const said = [];
  const { run, ...imports } = new Function("said", script)(said);
  const { instance } = await WebAssembly.instantiate(wasm, imports);
  run(instance.exports);
  assert.deepEqual(said, [1, 20, 3]);
});
