// `npm run serve [-- --crate DIR | --example NAME] [--port N] …`: serves your own package, an example or the relay as `dormouse-build
// serve` does, whose options it has; with `--build DIR`, serves a build as it is.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { OPTIONS, settingsOf } from "../dormouse-build/commands/serve.mjs";
import { parseOptions } from "../dormouse-build/lib/options.mjs";
import { serve } from "../dormouse-build/lib/serve.mjs";
import { RELAY, ROOT, crateDirOf, exampleDir, pathOf } from "./lib/root.mjs";
import { main } from "./lib/run.mjs";
import { ready } from "./setup.mjs";

main(async () => {
  const { crate, example, build, config, ...values } = parseOptions(process.argv.slice(2), { ...OPTIONS, example: { type: "string" }, build: { type: "string" } });
  const settings = { ...settingsOf(values), ...(values.persist && { persist: pathOf(values.persist) }) };
  await ready();
  const dir = crate ? crateDirOf(crate) : example ? exampleDir(example) : RELAY;
  await serve({ ...settings, ...(config ? { config: pathOf(config) } : configurationOf(dir, settings)), crate: dir, out: build && pathOf(build) });
});

/** The test apps have no configuration of their own. */
function configurationOf(dir, { persist = join(dir, ".wrangler", "state") }) {
  const isOwn = ["toml", "json", "jsonc"].some((ending) => existsSync(join(dir, `wrangler.${ending}`)));
  if (isOwn) return {};
  return dir === RELAY ? { config: join(ROOT, "wrangler.toml") } : { config: join(ROOT, "wrangler.toml"), persist };
}
