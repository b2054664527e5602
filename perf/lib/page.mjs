// Writes generated tables into pages, between two comments that name the command.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../scripts/lib/root.mjs";
import { Refusal } from "../../scripts/lib/run.mjs";

/** Replaces the text between the marking comments of a page by `text`. */
export function writeBetween(page, mark, command, text) {
  const path = join(ROOT, page);
  const [begin, end] = [`<!-- ${mark}: written by \`${command}\` -->`, `<!-- /${mark} -->`];
  const [before, rest] = readFileSync(path, "utf8").split(begin);
  const after = rest?.split(end)[1];
  if (after === undefined) throw new Refusal(`${page} has no place for the table: add the lines "${begin}" and "${end}".`);
  writeFileSync(path, `${before}${begin}\n\n${text}\n\n${end}${after}`);
}
