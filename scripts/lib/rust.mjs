// The Rust toolchains: stable with the wasm target, and nightly with its source for builds that survive a panic.

import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { TOOLS } from "./root.mjs";
import { Refusal, ask, run, say } from "./run.mjs";

const TARGET = "wasm32-unknown-unknown";
const MINUTES_5 = 300;

/** Everything a build needs of Rust. Each check only looks; rustup is asked only for what is missing. */
export async function ensureRust() {
  await ensureToolchain();
  for (const [component, probe] of [["rustfmt", "fmt"], ["clippy", "clippy"]]) {
    if (ask("cargo", [probe, "--version"]) === null) await rustup(["component", "add", component], `\`cargo ${probe}\``);
  }
  if (!hasTarget()) await rustup(["target", "add", TARGET], `the standard library for ${TARGET}`);
  await tryNightly();
}

async function ensureToolchain() {
  if (ask("rustup", ["--version"]) === null) {
    throw new Refusal("Rust's installer `rustup` is not in the PATH. Install it (rustup.rs), then run this again.");
  }
  if (ask("rustc", ["--version"]) !== null) return;
  // rust-toolchain.toml asks for "stable". With RUSTUP_AUTO_INSTALL=0 rustup does not fetch that by itself.
  say("Rust: no stable toolchain here, asking rustup for one");
  try {
    await run("rustup", ["toolchain", "install", "stable", "--profile", "minimal", "--no-self-update"], { seconds: MINUTES_5 });
  } catch (error) {
    // Better the machine's own default, if that is a release of its own name, than nothing.
    const fallback = ask("rustup", ["default"])?.split(" ")[0];
    if (!fallback || ask("rustc", [`+${fallback}`, "--version"]) === null) throw error;
    say(`Rust: using this machine's default toolchain ${fallback} instead`);
    process.env.RUSTUP_TOOLCHAIN = fallback; // inherited by everything we start; it overrides rust-toolchain.toml
  }
}

/** Whether a toolchain (the active one, or "+nightly") has the wasm target's compiled standard library. */
function hasTarget(...toolchain) {
  const dir = ask("rustc", [...toolchain, "--target", TARGET, "--print", "target-libdir"]);
  return Boolean(dir && existsSync(dir) && readdirSync(dir).some((file) => file.startsWith("libstd-")));
}

async function rustup(args, what) {
  say(`Rust: ${what} is missing, \`rustup ${args.join(" ")}\``);
  try {
    await run("rustup", args, { seconds: MINUTES_5 });
  } catch (error) {
    throw new Refusal(`${error.message}\n  ${what} is needed, and rustup could not fetch it. Run \`rustup ${args.join(" ")}\` where its server can be reached.`);
  }
}

const nightlySource = () => {
  const sysroot = ask("rustc", ["+nightly", "--print", "sysroot"]);
  return Boolean(sysroot && existsSync(join(sysroot, "lib/rustlib/src/rust/library/Cargo.lock")));
};

/**
 * Whether builds can unwind: worker-build then compiles the standard library itself, with nightly and its source.
 * Without, a panic takes every object of the isolate down, so this is a fallback and never a choice.
 */
export const canUnwind = () => nightlySource() && hasTarget("+nightly");

// A closed network may answer with silence until the time limit. Nobody should wait for that at every command.
const REFUSED = join(TOOLS, "nightly-refused");
const refusedLately = () => existsSync(REFUSED) && Date.now() - statSync(REFUSED).mtimeMs < 3_600_000;

async function tryNightly() {
  if (canUnwind() || refusedLately()) return;
  try {
    if (ask("rustc", ["+nightly", "--version"]) === null) {
      say("Rust: nightly is missing, asking rustup for it");
      await run("rustup", ["toolchain", "install", "nightly", "--profile", "minimal", "--no-self-update"], { seconds: MINUTES_5 });
    }
    if (!nightlySource()) {
      say("Rust: nightly's source is missing, asking rustup for it");
      await run("rustup", ["component", "add", "rust-src", "--toolchain", "nightly"], { seconds: MINUTES_5 });
    }
    if (!hasTarget("+nightly")) await run("rustup", ["target", "add", TARGET, "--toolchain", "nightly"], { seconds: MINUTES_5 });
  } catch (error) {
    console.warn(`⚠ ${error.message} (not tried again for an hour)`);
    mkdirSync(TOOLS, { recursive: true });
    writeFileSync(REFUSED, "");
  }
}

/** For the build. Loud, because such a build must not be deployed without knowing. */
export function warnAbort() {
  console.warn(
    "\n⚠ Nightly Rust with rust-src is not to be had here: building with panic=abort." +
      "\n⚠ A panic in such a build ends every world of its isolate, not one event. Tests of that isolation will fail." +
      "\n⚠ `rustup toolchain install nightly --component rust-src --target wasm32-unknown-unknown` is what is missing.\n",
  );
}
