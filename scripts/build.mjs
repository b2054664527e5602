// `npm run build [-- --example NAME | --crate DIR] [--features A,B] [--out DIR]`: the Worker, as index.js and index_bg.wasm,
// and under assets/ the client that it serves and the crate's public/, in build/ (the relay), examples/NAME/build/ (an
// example), DIR/build/ (your own server) or the directory of --out. Does nothing if the build is up to date.

import { rmSync, statSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { workerBuild } from "./lib/cargo-tools.mjs";
import { layOutAssets } from "./lib/client.mjs";
import { fingerprint, isFresh, markFresh } from "./lib/inputs.mjs";
import { RELAY, ROOT, crateDirOf, defaultBuildDir, exampleDir } from "./lib/root.mjs";
import { ask, main, run, say } from "./lib/run.mjs";
import { canUnwind, warnAbort } from "./lib/rust.mjs";
import { ready } from "./setup.mjs";

// Exactly what the compiler, wasm-bindgen and unwinding use, so that wasm-opt adds nothing that an engine may not know.
const FEATURES = [
  "bulk-memory",
  "exception-handling",
  "multivalue",
  "mutable-globals",
  "nontrapping-float-to-int",
  "reference-types",
  "sign-ext",
];

// Function names, which only a debugger reads, are a quarter of the wasm. Cargo's own `strip` would also remove what wasm-bindgen
// needs. Sorted by name, the instances of one generic function are next to each other, where compression finds that they are
// similar; that does not work if each was inlined into its only caller.
const SHRINK = [
  ...FEATURES.map((feature) => `--enable-${feature}`),
  "-Os",
  "--one-caller-inline-max-function-size=40",
  "--reorder-functions-by-name",
  "--strip-debug",
  "--strip-producers",
];

/** Builds what is not up to date, and returns the directory. `unwind` is set only to measure what unwinding costs. */
export async function build({ example, crate, features = "", out, unwind = canUnwind() } = {}) {
  const crateDir = crate ?? (example ? exampleDir(example) : RELAY);
  out ??= crateDir === RELAY ? defaultBuildDir() : join(crateDir, "build");
  const tool = workerBuild();
  if (!canUnwind()) warnAbort();
  const rustc = ask("rustc", unwind ? ["+nightly", "--version"] : ["--version"]);
  const print = fingerprint({ crateDir, settings: { tool: tool.version, rustc, unwind, features, SHRINK } });
  const shown = relative(ROOT, out) || out;
  if (isFresh(out, print)) {
    layOutAssets(out, crateDir);
    say(`${shown}: up to date`);
    return out;
  }

  say(`${shown}: worker-build${unwind ? " --panic-unwind" : ""}${features && ` --features ${features}`}`);
  rmSync(join(out, ".inputs"), { force: true }); // a build that fails half way is not fresh
  const args = ["--release", "--no-opt", "--out-dir", relative(crateDir, out)];
  if (unwind) args.push("--panic-unwind");
  if (features) args.push("--features", features);
  await run(tool.command, args, { cwd: crateDir, env: tool.env });
  const wasm = join(out, "index_bg.wasm");
  await run(tool.env.WASM_OPT_BIN, [...SHRINK, wasm, "-o", wasm], { cwd: crateDir });
  layOutAssets(out, crateDir);
  markFresh(out, print);
  say(`${shown}: index_bg.wasm has ${Math.round(statSync(join(out, "index_bg.wasm")).size / 1024)} KiB`);
  return out;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  main(async () => {
    const { values } = parseArgs({
      options: {
        example: { type: "string" },
        crate: { type: "string" },
        features: { type: "string" },
        out: { type: "string" },
      },
    });
    await ready();
    await build({ ...values, crate: values.crate && crateDirOf(values.crate), out: values.out && resolve(values.out) });
  });
}
