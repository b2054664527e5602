// The oldest Rust that the crate promises to compile with: `rust-version` in Cargo.toml.
//
// Not every machine can fetch that toolchain, so the check has two parts. The first needs only the current toolchain: clippy's
// lint `incompatible_msrv` knows the version in which each item of the standard library became stable, and dependencies name
// their own `rust-version`. The second compiles with the old toolchain if it is installed, and so finds newer syntax, too.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { builtFrom, metadata } from "../../dormouse-build/lib/metadata.mjs";
import { ROOT } from "./root.mjs";
import { Refusal, ask, run, say } from "./run.mjs";

const TARGETS = [[], ["--target", "wasm32-unknown-unknown"]];
const WANTED = ["dormouse", "dormouse-tabletop"];

export async function checkMsrv() {
  const found = metadata(ROOT);
  const { id, rust_version: version } = found.packages.find(({ name }) => name === "dormouse");
  checkPackages(found, id, version);
  checkLint();
  await checkToolchain(version);
}

const parts = (version) => version.split(".").map(Number);
const isNewer = (one, other) => {
  const [a, b] = [parts(one), parts(other)];
  return a[0] !== b[0] ? a[0] > b[0] : a[1] > b[1];
};

/** Throws if a dependency needs a newer Rust than the crate promises, or if a package of ours promises a different version. */
function checkPackages(found, id, version) {
  const newer = builtFrom(found, id).filter(({ rust_version }) => rust_version && isNewer(rust_version, version));
  if (newer.length) {
    const list = newer.map(({ name, version, rust_version }) => `${name} ${version} needs ${rust_version}`).join(", ");
    throw new Refusal(`Cargo.toml: rust-version = "${version}" is too old for the dependencies: ${list}`);
  }
  const others = found.packages.filter(({ name, rust_version }) => WANTED.includes(name) && rust_version !== version);
  if (others.length) throw new Refusal(`rust-version: ${others.map(({ name }) => name).join(", ")} must say ${version}, as dormouse does`);
}

/**
 * Checks that clippy still reports items that are too new. The steps that run clippy hold the sources to `rust-version`; if
 * clippy accepted this package, those steps would prove nothing.
 */
function checkLint() {
  const folder = join(ROOT, "target/msrv-lint");
  mkdirSync(join(folder, "src"), { recursive: true });
  writeFileSync(join(folder, "Cargo.toml"), '[package]\nname = "msrv-lint"\nedition = "2024"\nrust-version = "1.90"\n[workspace]\n');
  writeFileSync(join(folder, "src/lib.rs"), "pub const HOUR: core::time::Duration = core::time::Duration::from_hours(1); // stable since 1.91\n");
  const clippy = (...allowed) => ask("cargo", ["clippy", "--quiet", "--", "-D", "warnings", ...allowed], { cwd: folder });
  if (clippy("-A", "clippy::incompatible_msrv") === null) throw new Refusal(`clippy cannot check ${folder}`);
  if (clippy() !== null) throw new Refusal("clippy::incompatible_msrv did not find an item that is too new: rust-version is not checked");
}

/** Compiles for both targets with the promised toolchain, if it is installed. */
async function checkToolchain(version) {
  if (ask("rustc", [`+${version}`, "--version"]) === null) {
    say(`Rust ${version} is not installed, so newer syntax is not found: \`rustup toolchain install ${version} --profile minimal\``);
    return;
  }
  for (const target of TARGETS) {
    if (target.length && ask("rustup", ["target", "list", "--installed", "--toolchain", version])?.includes(target[1]) !== true) {
      say(`Rust ${version} has no standard library for ${target[1]}: \`rustup target add ${target[1]} --toolchain ${version}\``);
      continue;
    }
    // A target directory of its own: in a shared one, each toolchain would discard the other's build.
    const args = ["check", "--quiet", "--locked", ...WANTED.flatMap((name) => ["--package", name]), ...target];
    await run("cargo", [`+${version}`, ...args], { env: { CARGO_TARGET_DIR: join(ROOT, "target/msrv") } });
  }
}
