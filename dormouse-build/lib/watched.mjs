// Where the files of a served package are, and what a change of one means.

import { existsSync, statSync } from "node:fs";
import { basename, dirname, join, relative, sep } from "node:path";
import { isNoPage } from "./client.mjs";
import { isIn, isNoInput } from "./inputs.mjs";
import { folders } from "./tree.mjs";
import { isOfEditor } from "./watch.mjs";

/** The files beside a configuration that wrangler reads, too. */
export const OF_VARIABLES = /^\.(dev\.vars|env)(\.|$)/;

/**
 * Returns the folders to watch, each without those in it. `crate` is the package's folder, `config` the path of its configuration;
 * `inputs` are those of `inputsOf`, and `named` those of `namedBy`.
 */
export function watchedFolders({ crate, config, inputs: { workspace, packages, manifests, trees }, named }) {
  const beside = [config, ...manifests.filter((path) => existsSync(path)), ...named].map((path) => dirname(path));
  const whole = named.filter((path) => statSync(path, { throwIfNoEntry: false })?.isDirectory());
  const below = [...trees, ...whole.map((dir) => ({ dir }))].flatMap(({ dir, isLeftOut }) => [...folders(dir, isLeftOut)]);
  return [workspace, ...packages, crate, ...beside, ...below, ...folders(join(crate, "public"), isNoPage)];
}

/**
 * Returns what a changed file is a part of: `configuration`, `pages`, `manifest`, `sources` or `undefined`. `out` is the folder of the
 * build. After one that `failed`, a new file may be what it lacked.
 */
export function kindOf(path, { crate, config, out, inputs: { workspace, packages, manifests, holds }, named, failed = false }) {
  const [dir, name] = [dirname(path), basename(path)];
  if (path === config || (dir === dirname(config) && OF_VARIABLES.test(name))) return "configuration";
  const isCargoFolder = name === ".cargo" && manifests.some((manifest) => dirname(manifest) === path);
  if (isCargoFolder || manifests.includes(path)) return "manifest";
  // A page may be in the program as well: a build lays out the pages, too.
  if (named.some((input) => isIn(input, path))) return "sources";
  const pages = join(crate, "public");
  if (isIn(pages, path)) return relative(pages, path).split(sep).some(isNoPage) ? undefined : "pages";
  if (isOfEditor(name) || isIn(out, path)) return undefined;
  if (holds(path)) return "sources";
  return failed && [workspace, ...packages].includes(dir) && !isNoInput(name) ? "sources" : undefined;
}
