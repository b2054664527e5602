// `npm run setup`: installs what is missing, and does nothing else. Needs only rustup's cargo and Node 20 or newer. It runs
// before node_modules exists, so no file of the set-up may import a package.

import { spawn } from "node:child_process";
import { pathToFileURL } from "node:url";
import { ensureCargoTools } from "../dormouse-build/lib/cargo-tools.mjs";
import { fetchDependencies } from "../dormouse-build/lib/metadata.mjs";
import { ensureLints, ensureRust } from "../dormouse-build/lib/rust.mjs";
import { checkSystem } from "../dormouse-build/lib/system.mjs";
import { ensureChromium } from "./lib/chromium.mjs";
import { ensureNodeModules, newerNode, projectPath } from "./lib/npm.mjs";
import { ROOT } from "./lib/root.mjs";
import { main, say } from "./lib/run.mjs";

/** Installs what the commands of this project need; with `tests`, also what only `npm test` does. */
export async function setup({ tests = false } = {}) {
  checkSystem();
  await ensureNodeModules();
  await ensureRust();
  await fetchDependencies(ROOT);
  await ensureCargoTools(ROOT);
  if (!tests) return;
  await ensureLints();
  await ensureChromium();
}

/**
 * For the entry points: sets up, then runs the calling script again with the project's own Node first in the PATH, so that
 * wrangler, miniflare and the tests get a version that is new enough. In that second run, this function returns at once.
 */
export async function ready(options) {
  if (process.env.DORMOUSE_READY) return;
  await setup(options);
  const env = { ...process.env, PATH: projectPath(), DORMOUSE_READY: "1" };
  const child = spawn(newerNode(), process.argv.slice(1), { env, stdio: "inherit" });
  // A signal to this process is meant for the child. Ctrl-C reaches the child anyway; a second SIGINT does no harm.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  // A signal that ends npm also ends npm's shell, but not this process: without this check, a server would outlive
  // `npm run serve`.
  const parent = process.ppid;
  if (process.env.npm_lifecycle_event) {
    setInterval(() => process.ppid !== parent && child.kill("SIGTERM"), 500).unref();
  }
  const code = await new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve(code ?? (signal === "SIGINT" || signal === "SIGTERM" ? 0 : 1)));
  });
  process.exit(code);
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  main(async () => {
    await setup({ tests: true });
    say("set up: nothing is missing");
  });
}
