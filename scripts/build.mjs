// `npm run build [-- --example NAME | --crate DIR] [--features A,B] [--out DIR]`: builds the Worker (index.js and
// index_bg.wasm) and its static assets (assets/: the client's bundles and the crate's public/). The output goes to build/ (the
// relay), the package's own build/ (an example or a test app), DIR/build/ (your own server) or the directory of --out. If the
// build is up to date, only the assets are checked.

import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { workerBuild } from "./lib/cargo-tools.mjs";
import { layOutAssets } from "./lib/client.mjs";
import { nameByOrder } from "./lib/function-order.mjs";
import { fingerprint, isFresh, markFresh } from "./lib/inputs.mjs";
import { RELAY, ROOT, crateDirOf, defaultBuildDir, exampleDir } from "./lib/root.mjs";
import { ask, main, run, say } from "./lib/run.mjs";
import { canUnwind, warnAbort } from "./lib/rust.mjs";
import { shortenNames } from "./lib/short-names.mjs";
import { ready } from "./setup.mjs";

// Exactly the features that the compiler, wasm-bindgen and unwinding use, so that wasm-opt adds none that an engine may lack.
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
// needs. Functions that are similar are next to each other, where compression finds that; that does not work if each was inlined
// into its only caller. The low memory is the end of the stack: no pointer into data is smaller than an offset.
const SHRINK = [
  ...FEATURES.map((feature) => `--enable-${feature}`),
  "-Os",
  "--one-caller-inline-max-function-size=40",
  "--low-memory-unused",
  "--reorder-functions-by-name",
  "--strip-debug",
  "--strip-producers",
  "--strip-target-features",
];

// A build that unwinds compiles the standard library, too: here without its fast sorts, of which each use is an instance of its own, its
// fast parser of floats, and the symbolizer of backtraces, which wasm does not have. LLVM inlines what is marked `#[inline]` up to a
// cost of 325, even where it optimizes for size; with 100, the operations of the core have at most 4 % more instructions.
const COMPILE = {
  CARGO_UNSTABLE_BUILD_STD_FEATURES: "optimize_for_size,panic-unwind",
  RUSTFLAGS: [process.env.RUSTFLAGS, "-Cllvm-args=-inlinehint-threshold=100"].filter(Boolean).join(" "),
};

const { devDependencies: dependencies } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));

// The scripts that decide what is in the wasm, apart from this one.
const SCRIPTS = ["function-order.mjs", "short-names.mjs", "unused-exports.mjs", "wasm-file.mjs", "wasm-linker.mjs"];
const LINKER = join(ROOT, "scripts/lib/wasm-linker.mjs");

/** Returns everything but the package's files that a build depends on, for its fingerprint. */
export const settingsOf = (chosen) => ({
  ...chosen,
  SHRINK,
  COMPILE,
  scripts: SCRIPTS.map((name) => readFileSync(join(ROOT, "scripts/lib", name), "utf8")),
  binaryen: dependencies.binaryen,
});

/** Builds the Worker if it is not up to date; returns the output directory. `unwind` is set only to measure its cost. */
export async function build({ example, crate, features = "", out, unwind = canUnwind() } = {}) {
  const crateDir = crate ?? (example ? exampleDir(example) : RELAY);
  out ??= crateDir === RELAY ? defaultBuildDir() : join(crateDir, "build");
  const tool = workerBuild();
  if (!canUnwind()) warnAbort();
  const rustc = ask("rustc", unwind ? ["+nightly", "--version"] : ["--version"]);
  const print = fingerprint({ crateDir, settings: settingsOf({ tool: tool.version, rustc, unwind, features }) });
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
  // The linker is a script, too.
  const PATH = `${dirname(process.execPath)}${delimiter}${process.env.PATH}`;
  const env = { ...tool.env, ...COMPILE, CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER: LINKER, PATH };
  await run(tool.command, args, { cwd: crateDir, env });
  const wasm = join(out, "index_bg.wasm");
  const shrink = () => run(tool.env.WASM_OPT_BIN, [...SHRINK, wasm, "-o", wasm], { cwd: crateDir });
  // Only what is shrunk shows which functions are similar.
  await shrink();
  nameByOrder(wasm);
  await shrink();
  const script = join(out, "index.js");
  const short = shortenNames(readFileSync(script, "utf8"), readFileSync(wasm));
  writeFileSync(script, short.script);
  writeFileSync(wasm, short.wasm);
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
