// The wasm's exports that nothing can call. wasm-bindgen exports every method of every class of every crate that is linked. An
// instance of these classes of workers-rs and wasm-streams comes only from Rust, by an import of the wasm; without this import, what
// the class exports is dead, and so is all that only it calls.

import { readFileSync, writeFileSync } from "node:fs";

export const CLASSES = [
  "containerstartupoptions",
  "intounderlyingbytesource",
  "intounderlyingsink",
  "intounderlyingsource",
  "minifyconfig",
  "r2range",
];

/** Removes these exports from a wasm file in place. It keeps the names of functions, by which wasm-opt sorts. */
export async function removeUnusedExports(file) {
  // Imported here, because the set-up must run before this package's dependencies exist.
  const { default: binaryen } = await import("binaryen");
  binaryen.setDebugInfo(true);
  const wasm = binaryen.readBinary(readFileSync(file));
  const imports = range(wasm.getNumFunctions(), (i) => binaryen.getFunctionInfo(wasm.getFunctionByIndex(i)).base);
  const dead = CLASSES.filter((name) => !imports.some((imported) => imported?.startsWith(`__wbg_${name}_new`)));
  const isDead = (name) => dead.some((unused) => new RegExp(`^(__wbg_((get|set)_)?)?${unused}_`).test(name));
  for (const name of range(wasm.getNumExports(), (i) => binaryen.getExportInfo(wasm.getExportByIndex(i)).name)) {
    if (isDead(name)) wasm.removeExport(name);
  }
  writeFileSync(file, wasm.emitBinary());
  wasm.dispose();
}

const range = (length, make) => Array.from({ length }, (_, i) => make(i));
