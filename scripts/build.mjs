// `npm run build [-- --example NAME | --crate DIR] [--features A,B] [--out DIR]`: builds the Worker of the relay (to build/), of an
// example or a test app (to its own build/), or of your own package (to DIR/build/), or to the directory of --out.

import { pathToFileURL } from "node:url";
import * as worker from "../dormouse-build/lib/build.mjs";
import { parseOptions } from "../dormouse-build/lib/options.mjs";
import { RELAY, crateDirOf, defaultBuildDir, exampleDir, pathOf } from "./lib/root.mjs";
import { main } from "./lib/run.mjs";
import { ready } from "./setup.mjs";

/** Builds the relay, an example or a package if its build is not up to date; returns the output's folder. */
export function build({ example, crate = example ? exampleDir(example) : RELAY, out, ...options } = {}) {
  return worker.build({ crate, out: out ?? (crate === RELAY ? defaultBuildDir() : undefined), ...options });
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  main(async () => {
    const values = parseOptions(process.argv.slice(2), {
      example: { type: "string" },
      crate: { type: "string" },
      features: { type: "string" },
      out: { type: "string" },
    });
    await ready();
    await build({ ...values, crate: values.crate && crateDirOf(values.crate), out: values.out && pathOf(values.out) });
  });
}
