// The Rust toolchains: stable with the wasm target, and nightly with its source for builds that survive a panic.

import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CACHE } from "./cache.mjs";
import { Refusal, ask, run, say } from "./run.mjs";

/** The target for which a Worker is compiled. */
export const TARGET = "wasm32-unknown-unknown";
const MINUTES_5 = 300;

/** Installs the parts of Rust that a build needs. Only what is missing is fetched with rustup. */
export async function ensureRust() {
  await ensureToolchain();
  if (!hasTarget()) await rustup(["target", "add", TARGET], `the standard library for ${TARGET}`);
  await tryNightly();
}

/** Installs what `npm test` needs beside: rustfmt and clippy. */
export async function ensureLints() {
  for (const [component, probe] of [["rustfmt", "fmt"], ["clippy", "clippy"]]) {
    if (ask("cargo", [probe, "--version"]) === null) await rustup(["component", "add", component], `\`cargo ${probe}\``);
  }
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
    // The machine's default toolchain is good enough, if it works.
    const fallback = ask("rustup", ["default"])?.split(" ")[0];
    if (!fallback || ask("rustc", [`+${fallback}`, "--version"]) === null) throw error;
    say(`Rust: using this machine's default toolchain ${fallback} instead`);
    process.env.RUSTUP_TOOLCHAIN = fallback; // inherited by everything we start; it overrides rust-toolchain.toml
  }
}

/** Returns whether a toolchain (the active one, or "+nightly") has the wasm target's compiled standard library. */
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
 * Returns whether builds can unwind: for that, worker-build compiles the standard library with nightly, from its source.
 * Without unwinding, a panic ends every object of the isolate, so panic=abort is only a fallback.
 */
export const canUnwind = () => nightlySource() && hasTarget("+nightly");

// In a closed network the fetch may take the whole time limit, so it is not retried at every command.
const REFUSED = join(CACHE, "nightly-refused");
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
    mkdirSync(CACHE, { recursive: true });
    writeFileSync(REFUSED, "");
  }
}

/** Warns that a build aborts on panics, so that it is not deployed by mistake. */
export function warnAbort() {
  console.warn(
    "\n⚠ Nightly Rust with rust-src is missing and cannot be fetched: building with panic=abort." +
      "\n⚠ A panic in such a build ends every world of its isolate, and not only one event. The tests of that will fail." +
      "\n⚠ To fix it, run `rustup toolchain install nightly --component rust-src --target wasm32-unknown-unknown`.\n",
  );
}
