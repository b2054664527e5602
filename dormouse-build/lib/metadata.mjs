// `cargo metadata` of a package, and the packages that it is built from.

import { join } from "node:path";
import { follow } from "./progress.mjs";
import { ask, demand } from "./run.mjs";
import { TARGET } from "./rust.mjs";

/** How long cargo may take where it may download: the index, and each dependency. */
export const MINUTES_10 = 600_000;

/**
 * Downloads the dependencies of a package if one is missing on this machine, and shows how far that is. Writes its Cargo.lock if it is
 * missing, or lacks one of them.
 */
export async function fetchDependencies(dir) {
  const manifest = ["--manifest-path", join(dir, "Cargo.toml")];
  const probe = ["metadata", "--format-version=1", "--filter-platform", TARGET, "--locked", "--offline", ...manifest];
  if (ask("cargo", probe, { maxBuffer: 2 ** 26 }) !== null) return;
  await follow("cargo", ["fetch", "--target", TARGET, ...manifest], { what: "dependencies: downloading what is missing" });
}

/** Returns `cargo metadata` of the package in a directory, including its resolved dependencies unless `args` has `--no-deps`. */
export function metadata(dir, ...args) {
  const manifest = join(dir, "Cargo.toml");
  const why = `Cargo cannot read ${manifest}, or resolve its dependencies`;
  return JSON.parse(demand("cargo", ["metadata", "--format-version=1", ...args, "--manifest-path", manifest], { why, timeout: MINUTES_10, maxBuffer: 2 ** 26 }));
}

/** Returns the packages that a package is built from, itself included. Dev-dependencies are left out. */
export function builtFrom({ packages, resolve }, id = resolve.root) {
  const nodes = new Map(resolve.nodes.map((node) => [node.id, node]));
  const found = new Set([id]);
  for (const id of found) {
    for (const { pkg, dep_kinds } of nodes.get(id).deps) {
      if (dep_kinds.some(({ kind }) => kind !== "dev")) found.add(pkg);
    }
  }
  return packages.filter((package_) => found.has(package_.id));
}
