// Whether a build is up to date: each build has a file with the fingerprint of all its inputs. The fingerprint is of contents,
// not of times, so that a fresh checkout or a touched file does not cause a build of a minute.

import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { builtFrom, metadata } from "./metadata.mjs";
import { ROOT } from "./root.mjs";

/** Yields every file below a directory, sorted by name within each folder; none if the directory does not exist. */
export function* files(path) {
  if (!existsSync(path)) return;
  for (const entry of readdirSync(path, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.isDirectory()) yield* files(join(path, entry.name));
    else yield join(path, entry.name);
  }
}

/**
 * Returns the files that a package is built from: its workspace's manifest (profiles) and lock file, and the manifest, build
 * script and sources of the package and of each path dependency, direct or indirect.
 */
export function inputsOf(crateDir) {
  const found = metadata(crateDir, "--filter-platform", "wasm32-unknown-unknown");
  const local = builtFrom(found).filter(({ source }) => source === null).map(({ manifest_path }) => dirname(manifest_path));
  const shared = ["Cargo.toml", "Cargo.lock"].map((name) => join(found.workspace_root, name));
  const own = local.flatMap((dir) => [join(dir, "Cargo.toml"), join(dir, "build.rs"), ...files(join(dir, "src"))]);
  return [...new Set([...shared, ...own])].filter((path) => existsSync(path)).sort();
}

/** Returns one hash over the inputs of a package and the settings of its build. */
export function fingerprint({ crateDir, settings }) {
  const hash = createHash("sha256").update(JSON.stringify(settings));
  for (const file of inputsOf(crateDir)) hash.update(`\0${relative(ROOT, file)}\0`).update(readFileSync(file));
  return hash.digest("hex");
}

const stamp = (out) => join(out, ".inputs");

export const isFresh = (out, print) =>
  ["index.js", "index_bg.wasm"].every((file) => existsSync(join(out, file))) &&
  existsSync(stamp(out)) &&
  readFileSync(stamp(out), "utf8") === print;

export const markFresh = (out, print) => writeFileSync(stamp(out), print);
