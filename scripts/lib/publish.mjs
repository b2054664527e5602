// A publish that uploads nothing: checks that the files that would be published compile, on the host and for wasm32.

import { join } from "node:path";
import { metadata } from "../../dormouse-build/lib/metadata.mjs";
import { ROOT } from "./root.mjs";
import { run } from "./run.mjs";

const NAME = "dormouse";

/**
 * Runs `cargo publish --dry-run`. Cargo's own verification builds the unpacked files for the host, in this workspace's target
 * directory, so that only the crate itself is compiled again (about five seconds). It does not compile `src/cloudflare`, which
 * is for wasm32 only, so the same files are checked for wasm32, too.
 */
export async function publishDryRun() {
  const { version } = metadata(ROOT, "--no-deps").packages.find(({ name }) => name === NAME);
  await run("cargo", ["publish", "--quiet", "--dry-run", "--allow-dirty", "--package", NAME]);
  const manifest = join(ROOT, "target/package", `${NAME}-${version}`, "Cargo.toml");
  await run("cargo", ["check", "--quiet", "--manifest-path", manifest, "--target", "wasm32-unknown-unknown"], {
    env: { CARGO_TARGET_DIR: join(ROOT, "target") },
  });
}
