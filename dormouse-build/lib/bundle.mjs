#!/usr/bin/env node
// The bundler of builds: esbuild, which worker-build calls in the folder of wasm-bindgen's JavaScript. Only its warnings are shown.

import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { packaged } from "./packaged.mjs";

/**
 * Returns wasm-bindgen's script with each module once in the object of all imports. wasm-bindgen 0.2.129 lists a module once for each
 * function that the wasm imports straight from it, and esbuild warns of each key that is twice in an object.
 */
export function withoutDuplicates(script) {
  const seen = new Set();
  return script.replace(/^[ \t]*("(?:[^"\\]|\\.)*"): import\d+,\n/gm, (line, module) => {
    if (seen.has(module)) return "";
    seen.add(module);
    return line;
  });
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  writeFileSync("index.js", withoutDuplicates(readFileSync("index.js", "utf8")));
  const { status, error } = spawnSync(packaged("esbuild", "bin/esbuild"), [...process.argv.slice(2), "--log-level=warning"], { stdio: "inherit" });
  if (error) console.error(`esbuild: ${error.message}`);
  process.exitCode = status ?? 1;
}
