// Variables given on the command line, in wrangler's form.

import { Refusal } from "./run.mjs";

const PAIR = /^([A-Za-z_]\w*):(.*)$/s;

/** Returns the variables of options `--var KEY:VALUE`. A value may be empty, and may have colons. */
export function parseVars(pairs) {
  return Object.fromEntries(pairs.map((pair) => {
    const found = pair.match(PAIR);
    if (found) return found.slice(1);
    const equals = pair.match(/^([A-Za-z_]\w*)=(.*)$/s);
    throw new Refusal(equals
      ? `--var ${pair}: write --var ${equals[1]}:${equals[2]}, with a colon, as wrangler has it.`
      : `--var ${pair}: write --var KEY:VALUE, with a KEY of letters, digits and _.`);
  }));
}
