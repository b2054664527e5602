// What is in a folder and in those in it. Links are followed, as cargo and editors do.

import { existsSync, mkdirSync, readFileSync, readdirSync, realpathSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Yields every file below a folder, sorted by name within each; none if it does not exist. What `isLeftOut` says of a name is left out with all in it. */
export function* files(dir, isLeftOut) {
  for (const { path, isFolder } of below(dir, isLeftOut)) if (!isFolder) yield path;
}

/** Yields a folder and every folder below it. */
export function* folders(dir, isLeftOut) {
  yield dir;
  for (const { path, isFolder } of below(dir, isLeftOut)) if (isFolder) yield path;
}

function* below(dir, isLeftOut = () => false, above = []) {
  const real = unlessGone(() => realpathSync(dir));
  if (real === undefined || above.includes(real)) return; // a link to a folder that it is in
  for (const name of (unlessGone(() => readdirSync(dir)) ?? []).sort()) {
    if (isLeftOut(name)) continue;
    const path = join(dir, name);
    const found = unlessGone(() => statSync(path));
    if (found?.isFile()) yield { path, isFolder: false };
    if (!found?.isDirectory()) continue;
    yield { path, isFolder: true };
    yield* below(path, isLeftOut, [...above, real]);
  }
}

/** Returns what `look` returns, or `undefined` if the file or folder was removed meanwhile, or leads nowhere. */
export function unlessGone(look) {
  try {
    return look();
  } catch (error) {
    if (!["ENOENT", "ENOTDIR", "ELOOP"].includes(error.code)) throw error;
    return undefined;
  }
}

/** Writes a file unless it has these contents (a Buffer) already: whoever watches it, or compares its time, is left in peace. */
export function writeChanged(path, contents) {
  if (existsSync(path) && readFileSync(path).equals(contents)) return;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, contents);
}
