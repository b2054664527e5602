// Where things are, and which version of each tool the project wants.
// Every version is written down once: Rust tools follow Cargo.lock, the npm tools follow package-lock.json.

import { existsSync, readFileSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
export const BIN = join(ROOT, "node_modules", ".bin");

/** The package that the root's own `wrangler.toml` deploys. */
export const RELAY = join(ROOT, "relay");

/** Tools that take minutes to compile live outside the clone, one directory per version, and are shared by all clones. */
export const TOOLS =
  process.env.DORMOUSE_TOOLS || join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "dormouse");

/** The version of `crate` that Cargo.lock pins. */
export function lockedVersion(crate) {
  const lock = readFileSync(join(ROOT, "Cargo.lock"), "utf8");
  const found = lock.match(new RegExp(`name = "${crate}"\\nversion = "([^"]+)"`));
  if (!found) throw new Error(`Cargo.lock has no package "${crate}". Run \`cargo metadata\` once to bring it up to date.`);
  return found[1];
}

const APPS = join("miniflare", "apps");

/** A package under examples/ or, for the end-to-end tests only, under miniflare/apps/, by directory name. */
export function exampleDir(name) {
  const dirs = ["examples", APPS].map((parent) => join(ROOT, parent, name));
  const dir = dirs.find((dir) => existsSync(join(dir, "Cargo.toml")));
  if (!dir) throw new Error(`There is no example "${name}" under examples/ or ${APPS}/.`);
  return dir;
}

/** Somebody's own package, named from the directory in which `npm` was called. */
export function crateDirOf(path) {
  const dir = resolve(process.env.INIT_CWD ?? ".", path);
  if (!existsSync(join(dir, "Cargo.toml"))) throw new Error(`There is no Cargo.toml in ${dir}.`);
  return dir;
}

/** The names of the packages under miniflare/apps/. */
export const testApps = () => readdirSync(join(ROOT, APPS)).filter((name) => existsSync(join(ROOT, APPS, name, "Cargo.toml")));

/** Where a build of the relay, or of an example, is left unless the caller says otherwise. */
export function defaultBuildDir(example) {
  return example ? join(exampleDir(example), "build") : join(ROOT, "build");
}
