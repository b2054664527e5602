// Short names for what the wasm and its JavaScript call each other. wasm-bindgen's have a hash each, which does not compress: the
// names of the relay's hundred imports are 1.2 kB of gzip.

import { exportsOf, importsOf, withRenamed } from "./wasm-file.mjs";

const HAS_HASH = /[0-9a-f]{16}/;

/** Returns the script and the wasm with short names instead of those that have a hash. */
export function shortenNames(script, wasm) {
  const long = [...importsOf(wasm), ...exportsOf(wasm)].map(({ name }) => name).filter((name) => HAS_HASH.test(name));
  const short = new Map([...new Set(long)].map((name, index) => [name, `_${index.toString(36)}`]));
  const rename = (name) => short.get(name) ?? name;
  return { script: script.replace(/[\w$]+/g, rename), wasm: withRenamed(wasm, rename) };
}
