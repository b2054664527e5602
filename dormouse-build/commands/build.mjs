// `dormouse-build build [--crate DIR] [--features A,B] [--out DIR]`: builds the package in the current folder or in DIR.

import { resolve } from "node:path";
import { build } from "../lib/build.mjs";
import { checkEventsOf } from "../lib/events.mjs";
import { parseOptions } from "../lib/options.mjs";
import { prepare } from "../lib/prepare.mjs";

export async function run(args) {
  const values = parseOptions(args, { crate: { type: "string", default: "." }, features: { type: "string" }, out: { type: "string" } });
  const crate = resolve(values.crate);
  await prepare(crate);
  const out = await build({ ...values, crate, out: values.out && resolve(values.out) });
  await checkEventsOf(crate, out);
}
