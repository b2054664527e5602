// The options of a command.

import { parseArgs } from "node:util";
import { Refusal } from "./run.mjs";

/** Returns the options of a command by name, in `parseArgs`' terms. Throws a `Refusal` that names one that it does not have. */
export function parseOptions(args, options) {
  try {
    return parseArgs({ args, options, allowNegative: true }).values;
  } catch (error) {
    if (!error.code?.startsWith("ERR_PARSE_ARGS_")) throw error;
    const known = Object.keys(options).map((name) => `--${name}`);
    throw new Refusal(`${error.message.split(". ")[0].replace(/\.$/, "")}. The options are ${known.join(", ")}.`);
  }
}
