// Builds a Worker: index.js, index_bg.wasm, and its static assets (assets/: the client's bundles and the crate's public/).

import { readFileSync, statSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { DEVELOPMENT, RELEASE } from "./build-profiles.mjs";
import { workerBuild } from "./cargo-tools.mjs";
import { layOutAssets } from "./client.mjs";
import { nameByOrder } from "./function-order.mjs";
import { Inputs } from "./inputs.mjs";
import { follow } from "./progress.mjs";
import { ask, run, say } from "./run.mjs";
import { canUnwind, warnAbort } from "./rust.mjs";
import { shortenNames } from "./short-names.mjs";
import { stdClockProblem } from "./std-clock.mjs";

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

const { dependencies } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));

// The scripts that decide what is in a build, apart from this one.
const SCRIPTS = ["build-profiles.mjs", "bundle.mjs", "cdylib-only.mjs", "function-order.mjs", "short-names.mjs", "unused-exports.mjs", "wasm-file.mjs", "wasm-linker.mjs", "path/cargo"];
// The folders of the program that stands before cargo, and of the linker, which is found by its name.
const [CARGO, LINKER] = ["path", "."].map((folder) => fileURLToPath(new URL(folder, import.meta.url)));

// The variables by which a user may tell cargo how to compile.
const OF_CARGO = /^(CARGO_ENCODED_|CARGO_BUILD_)?RUSTFLAGS$|^CARGO_(PROFILE|TARGET_WASM32|UNSTABLE)_/;

/** Returns everything but the package's files that a build depends on, for its fingerprint. */
export const settingsOf = (chosen) => ({
  ...chosen,
  SHRINK,
  env: Object.entries(process.env).filter(([name]) => OF_CARGO.test(name)).sort(),
  scripts: SCRIPTS.map((name) => readFileSync(new URL(name, import.meta.url), "utf8")),
  binaryen: dependencies.binaryen,
});

/**
 * Builds the package in the folder `crate` if its build is not up to date; of one that is, only the assets are checked. Returns the
 * output's folder, by default `build/` in the package. `unwind` is set only to measure its cost; `signal` ends the build; with `quiet`,
 * nothing is said of a build that is up to date.
 */
export async function build({ crate, features = "", out = join(crate, "build"), unwind, profile = RELEASE, signal, quiet = false }) {
  const tool = workerBuild(crate);
  const can = canUnwind();
  if (!can) warnAbort();
  unwind ??= can;
  const rustc = ask("rustc", unwind ? ["+nightly", "--version"] : ["--version"]);
  const inputs = new Inputs({ crate, out, settings: settingsOf({ tool: tool.version, rustc, unwind, features, profile: profile.name }) });
  const shown = relative("", out) || out;
  if (inputs.areBuilt) {
    layOutAssets(out, crate);
    if (!quiet) say(`${shown}: up to date`);
    return out;
  }

  inputs.begin();
  const args = [...profile.args, "--no-opt", "--out-dir", relative(crate, out)];
  if (unwind) args.push("--panic-unwind");
  args.push(...profile.cargo); // from here on, what worker-build passes on to cargo
  if (features) args.push("--features", features);
  // The bundler is a script, too, and may be the linker.
  const PATH = [CARGO, LINKER, dirname(process.execPath), process.env.PATH].join(delimiter);
  // worker-build's own backtrace, behind each error of the compiler, says nothing of the package.
  const env = { ...tool.env, ...profile.env, RUST_LIB_BACKTRACE: "0", PATH };
  await follow(tool.command, args, { what: `${shown}: ${profile.name} build`, cwd: crate, env, signal });
  const [wasm, script] = [join(out, "index_bg.wasm"), join(out, "index.js")];
  const problem = stdClockProblem(readFileSync(wasm));
  if (problem) console.warn(`⚠ ${problem}`);
  if (profile === DEVELOPMENT) traceDeeply(script);
  else await shrinkBuild(wasm, script, { crate, wasmOpt: tool.env.WASM_OPT_BIN });
  layOutAssets(out, crate);
  inputs.end(profile.folder);
  if (profile === RELEASE) say(`${shown}: index_bg.wasm has ${Math.round(statSync(wasm).size / 1024)} KiB`);
  return out;
}

async function shrinkBuild(wasm, script, { crate, wasmOpt }) {
  const shrink = () => run(wasmOpt, [...SHRINK, wasm, "-o", wasm], { cwd: crate });
  // Only what is shrunk shows which functions are similar.
  await shrink();
  nameByOrder(wasm);
  await shrink();
  const short = shortenNames(readFileSync(script, "utf8"), readFileSync(wasm));
  writeFileSync(script, short.script);
  writeFileSync(wasm, short.wasm);
}

/** Makes traces so long that a panic's has the function that panicked: the runtime keeps ten frames, and those of the panic come first. */
function traceDeeply(script) {
  writeFileSync(script, `Error.stackTraceLimit = 50;\n${readFileSync(script, "utf8")}`);
}
