// Whether a build is up to date: a fingerprint of everything it was made from lies beside it.
// Contents, not times: a fresh checkout or a touched file is no reason to compile for a minute.

import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { RELAY, ROOT } from "./root.mjs";

/** Every file below a directory, in order; none where it is not there. */
export function* files(path) {
  if (!existsSync(path)) return;
  for (const entry of readdirSync(path, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.isDirectory()) yield* files(join(path, entry.name));
    else yield join(path, entry.name);
  }
}

/** One hash over the sources of the crate, of the example if one is built, and whatever else decides the result. */
export function fingerprint({ crateDir, settings }) {
  const inputs = [join(ROOT, "Cargo.toml"), join(ROOT, "Cargo.lock"), ...files(join(ROOT, "src"))];
  if (crateDir === RELAY) inputs.push(join(ROOT, "tabletop/Cargo.toml"), ...files(join(ROOT, "tabletop/src")));
  if (crateDir !== ROOT) inputs.push(join(crateDir, "Cargo.toml"), ...files(join(crateDir, "src")));
  const hash = createHash("sha256").update(JSON.stringify(settings));
  for (const file of inputs) hash.update(`\0${relative(ROOT, file)}\0`).update(readFileSync(file));
  return hash.digest("hex");
}

const stamp = (out) => join(out, ".inputs");

export const isFresh = (out, print) =>
  ["index.js", "index_bg.wasm"].every((file) => existsSync(join(out, file))) &&
  existsSync(stamp(out)) &&
  readFileSync(stamp(out), "utf8") === print;

export const markFresh = (out, print) => writeFileSync(stamp(out), print);
