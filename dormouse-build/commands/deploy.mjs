// `dormouse-build deploy [wrangler's options]`: builds the package in the current folder for release, and deploys it with the wrangler
// that this version was tested with.

import { spawn } from "node:child_process";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { build } from "../lib/build.mjs";
import { configurationIn } from "../lib/configuration.mjs";
import { checkEventsOf } from "../lib/events.mjs";
import { packaged } from "../lib/packaged.mjs";
import { prepare } from "../lib/prepare.mjs";
import { WRANGLER_ENV } from "../lib/wrangler.mjs";

export async function run(args) {
  const crate = resolve(".");
  configurationIn(crate);
  await prepare(crate);
  const out = await build({ crate }); // wrangler would build, too, but would not show progress
  const options = args.filter((arg) => arg !== "--");
  await checkEventsOf(crate, out, configurationOf(options));
  process.exitCode = await wrangler(["deploy", ...options]);
}

/** Returns the path of the configuration and the environment that options of wrangler name. */
export function configurationOf(args) {
  const options = { config: { type: "string", short: "c" }, env: { type: "string", short: "e" } };
  const { config, env } = parseArgs({ args, options, strict: false, allowPositionals: true }).values;
  const named = (value) => (typeof value === "string" ? value : undefined);
  return { config: named(config) && resolve(config), env: named(env) };
}

/** Runs wrangler in the current folder; resolves with its exit code. */
function wrangler(args) {
  const child = spawn(process.execPath, [packaged("wrangler", "bin/wrangler.js"), ...args], { env: { ...process.env, ...WRANGLER_ENV }, stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  return new Promise((done, fail) => child.on("error", fail).on("close", (code) => done(code ?? 1)));
}
