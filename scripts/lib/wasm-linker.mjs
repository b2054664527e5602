#!/usr/bin/env node
// The linker of builds: Rust's own, `rust-lld`, told to keep no export that nothing can call. What only these call goes with them,
// which no tool after the linker could find out: it cannot know which functions of the table are called.

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { CLASSES, usedClasses, withoutClasses } from "./unused-exports.mjs";
import { importsOf } from "./wasm-file.mjs";

const args = process.argv.slice(2);

function link(unused) {
  // rustc has put the folder of its linker into the PATH.
  const { status, error } = spawnSync("rust-lld", withoutClasses(args, unused), { stdio: "inherit" });
  if (error) console.error(`rust-lld: ${error.message}`);
  if (status !== 0) process.exit(status ?? 1);
}

link(CLASSES);
const names = importsOf(readFileSync(args[args.indexOf("-o") + 1])).map(({ name }) => name);
const used = usedClasses(names);
if (used.length) link(CLASSES.filter((name) => !used.includes(name)));
