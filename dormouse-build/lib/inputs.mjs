// Whether a build is up to date: each build has a file with the fingerprint of all its inputs. The fingerprint is of contents,
// not of times, so that a fresh checkout or a touched file does not cause a build of a minute.

import { createHash } from "node:crypto";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, relative, resolve, sep } from "node:path";
import { builtFrom, metadata } from "./metadata.mjs";
import { TARGET } from "./rust.mjs";
import { files, unlessGone } from "./tree.mjs";
import { isOfEditor } from "./watch.mjs";

// What cargo and rustup look for in the package's folder and in all above it.
const ABOVE = [".cargo/config.toml", ".cargo/config", "rust-toolchain.toml", "rust-toolchain"];

/** Returns whether a folder or file of this name in a package is no input of a build. */
export const isNoInput = (name) => isOfEditor(name) || ["target", "build", "dist", "node_modules"].includes(name);

/**
 * Returns what a package is built from, as far as it is known before a build:
 *
 * - `workspace`: the folder of its workspace; `packages`: those of the package and of each path dependency, direct or indirect;
 * - `manifests`: the files that cargo obeys, whether they exist or not: manifests, the lock file, build scripts, cargo's
 *   configuration and the toolchain's;
 * - `trees`: the folders all of whose files are inputs; `holds(path)`: whether a path is in one of them;
 * - `paths`: all of these files that exist;
 * - `depInfo(profile)`: the files and folders that the last build read, according to cargo.
 */
export function inputsOf(crateDir) {
  const found = metadata(crateDir, "--filter-platform", TARGET);
  const { workspace_root: workspace, target_directory: target } = found;
  const packages = builtFrom(found).filter(({ source }) => source === null).map(({ manifest_path }) => dirname(manifest_path));
  const manifests = unique([
    ...["Cargo.toml", "Cargo.lock"].map((name) => join(workspace, name)),
    ...packages.flatMap((dir) => ["Cargo.toml", "build.rs"].map((name) => join(dir, name))),
    ...foldersAbove(crateDir).flatMap((dir) => ABOVE.map((name) => join(dir, name))),
    ...["config.toml", "config"].map((name) => join(process.env.CARGO_HOME || join(homedir(), ".cargo"), name)),
  ]);
  // A package may be in the target folder itself, as those of tests are.
  const isGenerated = (path) => isIn(target, path) && !packages.some((dir) => isIn(target, dir) && isIn(dir, path));
  const trees = packages.map((dir) => (isReadWhole(dir) ? { dir, isLeftOut: isNoInput } : { dir: join(dir, "src"), isLeftOut: isOfEditor }));
  const own = trees.flatMap(({ dir, isLeftOut }) => [...files(dir, isLeftOut)]).filter((path) => !isGenerated(path));
  const library = found.packages.find(({ id }) => id === found.resolve.root)?.targets.find(({ kind }) => kind.includes("cdylib"))?.name.replaceAll("-", "_");
  return {
    workspace,
    packages,
    manifests,
    trees,
    holds: (path) => trees.some(({ dir, isLeftOut }) => isIn(dir, path) && !isGenerated(path) && !relative(dir, path).split(sep).some(isLeftOut)),
    paths: unique([...manifests, ...own]).filter((path) => existsSync(path)),
    depInfo: (profile) => readDepInfo(join(target, TARGET, profile, `${library}.d`)).filter((path) => !isGenerated(path)),
  };
}

const unique = (paths) => [...new Set(paths)].sort();

/** Returns whether a path is a folder or in it. */
export const isIn = (folder, path) => path === folder || path.startsWith(folder + sep);

function foldersAbove(dir) {
  const above = dirname(dir);
  return above === dir ? [dir] : [dir, ...foldersAbove(above)];
}

/** Returns whether a build script may read every file of its package. Cargo assumes so unless the script names what it reads; that is in the dep-info. */
function isReadWhole(dir) {
  const script = unlessGone(() => readFileSync(join(dir, "build.rs"), "utf8"));
  return script !== undefined && !script.includes("rerun-if-changed");
}

/** Returns the paths in a `.d` file of cargo: what the compiler read of the packages of this machine, such as by `include_str!`, and what their build scripts name. */
function readDepInfo(path) {
  const text = unlessGone(() => readFileSync(path, "utf8")) ?? "";
  const [, paths = ""] = text.split("\n")[0].split(/: (.*)/s);
  return (paths.match(/(?:\\ |[^ ])+/g) ?? []).map((name) => name.replaceAll("\\ ", " "));
}

/** Returns the digest of each file by its path. Of a folder, each file in it counts. */
export function digestsOf(paths) {
  const all = paths.flatMap((path) => (statSync(path, { throwIfNoEntry: false })?.isDirectory() ? [...files(path)] : [path]));
  return new Map(unique(all).map((path) => [path, digestOf(path)]));
}

const digestOf = (path) => {
  const contents = unlessGone(() => readFileSync(path));
  return contents === undefined ? "missing" : createHash("sha256").update(contents).digest("hex");
};

/** Returns one hash over the inputs of a build and its settings. */
export function fingerprint(workspace, digests, settings) {
  const hash = createHash("sha256").update(JSON.stringify(settings));
  for (const [path, digest] of digests) hash.update(`\0${relative(workspace, path)}\0${digest}`);
  return hash.digest("hex");
}

/** The inputs of one build, from before it until it is marked. */
export class Inputs {
  #out;
  #settings;
  #found;
  #digests;
  #began = Date.now();

  constructor({ crate, out, settings }) {
    this.#out = out;
    this.#settings = settings;
    this.#found = inputsOf(crate);
    this.#found.paths = this.#found.paths.filter((path) => !isIn(out, path));
    this.#digests = digestsOf([...this.#found.paths, ...namedBy(out)]);
  }

  /** Whether the build in `out` is of these inputs. */
  get areBuilt() {
    const isThere = ["index.js", "index_bg.wasm"].every((file) => existsSync(join(this.#out, file)));
    return isThere && readStamp(this.#out).print === this.#print(this.#digests);
  }

  /** Marks the build as stale: one that fails half way is not fresh. */
  begin() {
    if (existsSync(this.#out)) writeStamp(this.#out, { named: namedBy(this.#out) });
  }

  /** Marks the build, which was of this profile of cargo, as fresh. */
  end(profile) {
    const named = this.#found.depInfo(profile).filter((path) => !this.#found.paths.includes(path));
    const digests = digestsOf([...this.#found.paths, ...named]);
    let isSure = true;
    for (const path of digests.keys()) {
      if (this.#digests.has(path)) digests.set(path, this.#digests.get(path));
      // It was not known before the build, and may have been saved while that read it.
      else isSure &&= (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0) < this.#began;
    }
    writeStamp(this.#out, { named, ...(isSure && { print: this.#print(digests) }) });
  }

  #print(digests) {
    return fingerprint(this.#found.workspace, digests, this.#settings);
  }
}

const stamp = (out) => join(out, ".inputs");
const writeStamp = (out, { named, print }) => writeFileSync(stamp(out), JSON.stringify({ named: named.map((path) => relative(out, path)), print }));

function readStamp(out) {
  try {
    return JSON.parse(readFileSync(stamp(out), "utf8"));
  } catch {
    return {}; // none, or that of an earlier version
  }
}

/** Returns the files and folders that the last build in `out` read beside those that are known before a build. */
export const namedBy = (out) => (readStamp(out).named ?? []).map((path) => resolve(out, path));
