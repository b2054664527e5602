// `cargo metadata` of a package, and the packages that it is built from.

import { join } from "node:path";
import { ask, Refusal } from "./run.mjs";

/** Returns `cargo metadata` of the package in a directory, including its resolved dependencies unless `args` has `--no-deps`. */
export function metadata(dir, ...args) {
  const manifest = join(dir, "Cargo.toml");
  const text = ask("cargo", ["metadata", "--format-version=1", ...args, "--manifest-path", manifest], { maxBuffer: 2 ** 26 });
  if (text === null) throw new Refusal(`Cargo cannot read ${manifest}, or resolve its dependencies: \`cargo metadata --manifest-path ${manifest}\` says why.`);
  return JSON.parse(text);
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
