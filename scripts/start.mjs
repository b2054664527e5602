// `npm start`: installs what is missing, builds, and serves at http://localhost:8787 with `wrangler dev`, open to every
// origin. Further arguments go to wrangler: `npm start -- --port 9000 --var PING_INTERVAL_MS:5000`.

import { spawn } from "node:child_process";
import { join } from "node:path";
import { build } from "./build.mjs";
import { BIN, ROOT } from "./lib/root.mjs";
import { main } from "./lib/run.mjs";
import { WRANGLER_ENV } from "./lib/wrangler.mjs";
import { ready } from "./setup.mjs";

main(async () => {
  await ready();
  await build(); // wrangler would build, too, but would not show progress and errors at once
  const args = ["dev", "--var", "ALLOWED_ORIGINS:*", ...process.argv.slice(2)];
  const env = { ...process.env, ...WRANGLER_ENV };
  const child = spawn(join(BIN, "wrangler"), args, { cwd: ROOT, env, stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => {
    console.error(error.message);
    process.exit(1);
  });
  child.on("close", (code, signal) => process.exit(signal ? 0 : code));
});
