// The crate and the npm package as they would be published, unpacked where an app can depend on them.

import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { files, writeChanged } from "../../dormouse-build/lib/tree.mjs";
import { metadata } from "../../dormouse-build/lib/metadata.mjs";
import { ROOT } from "./root.mjs";
import { run } from "./run.mjs";

/** Packs the crate `dormouse`, and unpacks it into a folder. */
export async function unpackCrate(folder) {
  await run("cargo", ["package", "--quiet", "--no-verify", "--allow-dirty", "--package", "dormouse"], { quiet: true });
  const { version } = metadata(ROOT, "--no-deps").packages.find(({ name }) => name === "dormouse");
  const fresh = `${folder}.fresh`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true });
  await run("tar", ["-xzf", join(ROOT, "target/package", `dormouse-${version}.crate`), "--strip-components=1", "-C", fresh]);
  mirror(fresh, folder);
  rmSync(fresh, { recursive: true });
}

/** Makes a folder have the same files as another one. Files that have not changed are not written, so that cargo does not compile them again. */
function mirror(from, to) {
  const wanted = new Set([...files(from)].map((file) => relative(from, file)));
  for (const file of files(to)) if (!wanted.has(relative(to, file))) rmSync(file);
  for (const name of wanted) writeChanged(join(to, name), readFileSync(join(from, name)));
}
