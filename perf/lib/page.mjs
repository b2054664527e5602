// Tables in pages: written by a script, between two comments that say by which.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../scripts/lib/root.mjs";
import { Refusal } from "../../scripts/lib/run.mjs";

/** Writes `text` into a page of the project, between the comments that mark its place. */
export function writeBetween(page, mark, command, text) {
  const path = join(ROOT, page);
  const [begin, end] = [`<!-- ${mark}: written by \`${command}\` -->`, `<!-- /${mark} -->`];
  const [before, rest] = readFileSync(path, "utf8").split(begin);
  const after = rest?.split(end)[1];
  if (after === undefined) throw new Refusal(`${page} has no place for a table: it wants "${begin}" and "${end}".`);
  writeFileSync(path, `${before}${begin}\n\n${text}\n\n${end}${after}`);
}
