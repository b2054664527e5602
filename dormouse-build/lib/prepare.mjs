// Installs what a build of a package needs, apart from npm packages.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { ensureCargoTools } from "./cargo-tools.mjs";
import { fetchDependencies } from "./metadata.mjs";
import { Refusal } from "./run.mjs";
import { ensureRust } from "./rust.mjs";

export async function prepare(crate) {
  if (!existsSync(join(crate, "Cargo.toml"))) throw new Refusal(`There is no Cargo.toml in ${crate}.`);
  await ensureRust();
  await fetchDependencies(crate);
  await ensureCargoTools(crate);
}
