// `npm start`: installs what is missing, builds the relay as it is deployed, and serves it at http://localhost:8787 to pages of every
// origin. It has the options of `npm run serve`: `npm start -- --port 9000 --var PING_INTERVAL_MS:5000`.

import { join } from "node:path";
import { OPTIONS, settingsOf } from "../dormouse-build/commands/serve.mjs";
import { parseOptions } from "../dormouse-build/lib/options.mjs";
import { serve } from "../dormouse-build/lib/serve.mjs";
import { RELAY, ROOT } from "./lib/root.mjs";
import { main } from "./lib/run.mjs";
import { ready } from "./setup.mjs";

main(async () => {
  const { crate: _, config: __, ...options } = OPTIONS;
  const settings = settingsOf(parseOptions(process.argv.slice(2), { ...options, release: { type: "boolean", default: true }, watch: { type: "boolean", default: false } }));
  await ready();
  await serve({ ...settings, crate: RELAY, config: join(ROOT, "wrangler.toml") });
});
