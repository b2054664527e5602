// Short names for what the wasm and its JavaScript call each other. wasm-bindgen's have a hash each, which does not compress: the
// names of the relay's hundred imports and their modules are 2.4 kB of gzip.

import { exportsOf, importsOf, withRenamed } from "./wasm-file.mjs";

const HAS_HASH = /[0-9a-f]{16}/;

/** Returns the script and the wasm with short names instead of those that have a hash, and of the modules of the imports. */
export function shortenNames(script, wasm) {
  const [imports, exports] = [importsOf(wasm), exportsOf(wasm)];
  const modules = imports.map(({ module }) => module);
  const names = [...imports, ...exports].map(({ name }) => name).filter((name) => HAS_HASH.test(name));
  const short = new Map([...new Set([...modules, ...names])].map((name, index) => [name, `_${index.toString(36)}`]));
  const rename = (name) => short.get(name) ?? name;
  let renamed = script.replace(/[\w$]+/g, (word) => (HAS_HASH.test(word) ? rename(word) : word));
  for (const module of modules) renamed = renamed.replaceAll(JSON.stringify(module), JSON.stringify(rename(module)));
  return { script: renamed, wasm: withRenamed(wasm, rename) };
}
