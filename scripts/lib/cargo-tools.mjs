// Installs worker-build and wasm-bindgen with cargo. By itself, worker-build would download binaries from a code host, which
// cannot be reached from a closed network.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { BIN, TOOLS, lockedVersion } from "./root.mjs";
import { run, say } from "./run.mjs";

// Both versions must equal those of a crate: the command-line tool reads what the crate's macros wrote into the wasm.
const tools = () => ({
  workerBuild: { crate: "worker-build", bin: "worker-build", version: lockedVersion("worker"), minutes: 3.5 },
  wasmBindgen: { crate: "wasm-bindgen-cli", bin: "wasm-bindgen", version: lockedVersion("wasm-bindgen"), minutes: 2 },
});

const home = ({ crate, version }) => join(TOOLS, `${crate}-${version}`);
const binary = (tool) => join(home(tool), "bin", tool.bin);

export async function ensureCargoTools() {
  for (const tool of Object.values(tools())) {
    if (existsSync(binary(tool))) continue;
    say(`${tool.crate} ${tool.version}: cargo install (once per version and machine, some ${tool.minutes} minutes on 2 cores)`);
    await run("cargo", ["install", "--locked", "--root", home(tool), "--version", `=${tool.version}`, tool.crate], {
      seconds: 1800,
      // The project's compiler settings must not apply to the tools: `undefined` removes them.
      env: { RUSTFLAGS: undefined, CARGO_ENCODED_RUSTFLAGS: undefined, CARGO_BUILD_TARGET: undefined },
    });
  }
}

/** Returns worker-build, and the environment with the paths of its three helpers. */
export function workerBuild() {
  const { workerBuild, wasmBindgen } = tools();
  return {
    command: binary(workerBuild),
    version: workerBuild.version,
    env: {
      WASM_BINDGEN_BIN: binary(wasmBindgen),
      WASM_OPT_BIN: join(BIN, "wasm-opt"), // npm package binaryen
      ESBUILD_BIN: join(BIN, "esbuild"),
    },
  };
}
