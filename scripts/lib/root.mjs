// The folders of the project, and the versions of its tools. Each version is written in one place only: Cargo.lock
// for Rust tools, package-lock.json for npm tools.

import { existsSync, readFileSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
export const BIN = join(ROOT, "node_modules", ".bin");

/** The package that the root's own `wrangler.toml` deploys. */
export const RELAY = join(ROOT, "relay");

/** The directory of tools that take minutes to compile: outside the clone, one folder per version, shared by all clones. */
export const TOOLS =
  process.env.DORMOUSE_TOOLS || join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "dormouse");

/** Returns the version of `crate` in Cargo.lock. */
export function lockedVersion(crate) {
  const lock = readFileSync(join(ROOT, "Cargo.lock"), "utf8");
  const found = lock.match(new RegExp(`name = "${crate}"\\nversion = "([^"]+)"`));
  if (!found) throw new Error(`Cargo.lock has no package "${crate}". Run \`cargo metadata\` once to bring it up to date.`);
  return found[1];
}

const APPS = join("miniflare", "apps");

/** Returns the directory of a package under examples/ or, for the end-to-end tests only, under miniflare/apps/. */
export function exampleDir(name) {
  const dirs = ["examples", APPS].map((parent) => join(ROOT, parent, name));
  const dir = dirs.find((dir) => existsSync(join(dir, "Cargo.toml")));
  if (!dir) throw new Error(`There is no example "${name}" under examples/ or ${APPS}/.`);
  return dir;
}

/** Returns the directory of a user's package; `path` is relative to where `npm` was called. */
export function crateDirOf(path) {
  const dir = resolve(process.env.INIT_CWD ?? ".", path);
  if (!existsSync(join(dir, "Cargo.toml"))) throw new Error(`There is no Cargo.toml in ${dir}.`);
  return dir;
}

/** Returns the names of the packages under miniflare/apps/. */
export const testApps = () => readdirSync(join(ROOT, APPS)).filter((name) => existsSync(join(ROOT, APPS, name, "Cargo.toml")));

/** Returns the default output directory for a build of the relay or of an example. */
export function defaultBuildDir(example) {
  return example ? join(exampleDir(example), "build") : join(ROOT, "build");
}
