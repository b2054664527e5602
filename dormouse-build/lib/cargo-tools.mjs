// The two programs that a build needs beside the compiler: worker-build and wasm-bindgen. By itself, worker-build would download
// others from a code host, which cannot be reached from a closed network.

import { existsSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { CACHE } from "./cache.mjs";
import { MINUTES_10 } from "./metadata.mjs";
import { packaged } from "./packaged.mjs";
import { downloadWasmBindgen } from "./prebuilt.mjs";
import { follow } from "./progress.mjs";
import { Refusal, demand, say } from "./run.mjs";

// What reads and writes the wasm. Optimized, a build for development of a small app takes 1.2 s less; compiling them takes half a
// minute of a core more.
const OPTIMIZED = ["walrus", "wasm-encoder", "wasmparser"].flatMap((crate) => ["--config", `profile.dev.package.${crate}.opt-level=1`]);

// Both versions must equal those of a crate: the command-line tool reads what the crate's macros wrote into the wasm.
const tools = (crateDir) => {
  const locked = lockedVersions(crateDir);
  return {
    workerBuild: { crate: "worker-build", bin: "worker-build", version: locked("worker"), options: [] },
    // Its default feature is TLS for its test runner, which is not installed.
    wasmBindgen: { crate: "wasm-bindgen-cli", bin: "wasm-bindgen", version: locked("wasm-bindgen"), options: ["--no-default-features", ...OPTIMIZED] },
  };
};

// Calls esbuild.
const BUNDLER = fileURLToPath(new URL("bundle.mjs", import.meta.url));

const home = ({ crate, version }) => join(CACHE, `${crate}-${version}`);
const binary = (tool) => join(home(tool), "bin", tool.bin);

/** Installs the programs of the versions that a package's Cargo.lock names, once per version and machine. */
export async function ensureCargoTools(crateDir) {
  const { workerBuild, wasmBindgen } = tools(crateDir);
  if (!existsSync(binary(wasmBindgen))) {
    say(`wasm-bindgen ${wasmBindgen.version}: asking for the binary of its release`);
    await downloadWasmBindgen(wasmBindgen.version, binary(wasmBindgen));
  }
  const missing = [workerBuild, wasmBindgen].filter((tool) => !existsSync(binary(tool)));
  for (const tool of missing) await compile(tool);
  if (missing.length) rmSync(TARGET, { recursive: true, force: true });
}

// In one folder, what both programs depend on is compiled once.
const TARGET = join(CACHE, "target");

async function compile(tool) {
  // Compiling with optimizations and debug info takes three times as long. The output is the same to the byte, and a build takes
  // half a second longer.
  const { crate, bin, version, options } = tool;
  const args = ["install", "--debug", "--locked", ...options, "--bin", bin, "--root", home(tool), "--version", `=${version}`, crate];
  await follow("cargo", args, {
    what: `${crate} ${version}: compiling it once, 1 to 2 minutes`,
    // The project's compiler settings must not apply to the tools: `undefined` removes them.
    env: { RUSTFLAGS: undefined, CARGO_ENCODED_RUSTFLAGS: undefined, CARGO_BUILD_TARGET: undefined, CARGO_TARGET_DIR: TARGET, CARGO_PROFILE_DEV_DEBUG: "false" },
  });
}

/** Returns worker-build for a package, and the environment with the paths of the three programs that it calls. */
export function workerBuild(crateDir) {
  const { workerBuild, wasmBindgen } = tools(crateDir);
  return {
    command: binary(workerBuild),
    version: workerBuild.version,
    env: {
      WASM_BINDGEN_BIN: binary(wasmBindgen),
      WASM_OPT_BIN: packaged("binaryen", "bin/wasm-opt"),
      ESBUILD_BIN: BUNDLER,
    },
  };
}

/** Returns a function that returns the version of a crate in the Cargo.lock of a package, which is written if there is none. */
function lockedVersions(crateDir) {
  const manifest = ["--manifest-path", join(crateDir, "Cargo.toml")];
  const workspace = demand("cargo", ["locate-project", "--workspace", "--message-format=plain", ...manifest], { why: `Cargo cannot read ${manifest[1]}` });
  const path = join(dirname(workspace), "Cargo.lock");
  if (!existsSync(path)) demand("cargo", ["generate-lockfile", ...manifest], { why: `Cargo cannot resolve the dependencies of ${manifest[1]}`, timeout: MINUTES_10 });
  const lock = readFileSync(path, "utf8");
  return (crate) => {
    const found = lock.match(new RegExp(`name = "${crate}"\\nversion = "([^"]+)"`));
    if (!found) throw new Refusal(`${path} has no package "${crate}". Does ${manifest[1]} depend on \`dormouse\`? If it does, run \`cargo update\`.`);
    return found[1];
  };
}
