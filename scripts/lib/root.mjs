// The folders of the project, and the versions in its Cargo.lock.

import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Refusal } from "../../dormouse-build/lib/run.mjs";

export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
export const BIN = join(ROOT, "node_modules", ".bin");

/** The package that the root's own `wrangler.toml` deploys. */
export const RELAY = join(ROOT, "relay");

/** Returns the version of `crate` in Cargo.lock. */
export function lockedVersion(crate) {
  const lock = readFileSync(join(ROOT, "Cargo.lock"), "utf8");
  const found = lock.match(new RegExp(`name = "${crate}"\\nversion = "([^"]+)"`));
  if (!found) throw new Refusal(`Cargo.lock has no package "${crate}". Run \`cargo metadata\` once to bring it up to date.`);
  return found[1];
}

/** The folder of the apps for the end-to-end tests only. */
export const APPS = join("miniflare", "apps");

/** Returns the directory of a package under examples/ or, for the end-to-end tests only, under miniflare/apps/. */
export function exampleDir(name) {
  const dirs = ["examples", APPS].map((parent) => join(ROOT, parent, name));
  const dir = dirs.find((dir) => existsSync(join(dir, "Cargo.toml")));
  if (!dir) throw new Refusal(`There is no example "${name}" under examples/ or ${APPS}/.`);
  return dir;
}

/** Returns the path that an option names, which is relative to where `npm` was called. */
export const pathOf = (option) => resolve(process.env.INIT_CWD ?? ".", option);

/** Returns the directory of a user's package. */
export function crateDirOf(option) {
  const dir = pathOf(option);
  if (!existsSync(join(dir, "Cargo.toml"))) throw new Refusal(`There is no Cargo.toml in ${dir}.`);
  return dir;
}

/** Returns the names of the packages under miniflare/apps/. */
export const testApps = () => readdirSync(join(ROOT, APPS)).filter((name) => existsSync(join(ROOT, APPS, name, "Cargo.toml")));

/** Returns the default output directory for a build of the relay or of an example. */
export function defaultBuildDir(example) {
  return example ? join(exampleDir(example), "build") : join(ROOT, "build");
}
