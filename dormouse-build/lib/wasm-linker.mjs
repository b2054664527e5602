#!/usr/bin/env node
// The linker of builds: Rust's own, `rust-lld`, told to keep no export that nothing needs. What only these call goes with them, which
// no tool after the linker could find out: it cannot know which functions of the table are called.

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { withoutUnused } from "./unused-exports.mjs";
import { importsOf } from "./wasm-file.mjs";

const args = process.argv.slice(2);

/** Links with the exports that a wasm with these imports needs; returns the names of the imports that it has then. */
function link(imports) {
  // rustc has put the folder of its linker into the PATH.
  const { status, error } = spawnSync("rust-lld", withoutUnused(args, imports), { stdio: "inherit" });
  if (error) console.error(`rust-lld: ${error.message}`);
  if (status !== 0) process.exit(status ?? 1);
  return new Set(importsOf(readFileSync(args[args.indexOf("-o") + 1])).map(({ name }) => name));
}

// An export may need imports that were not needed before, and these further exports.
for (let known = new Set(); ; ) {
  const found = link(known);
  if ([...found].every((name) => known.has(name))) break;
  known = new Set([...found, ...known]);
}
