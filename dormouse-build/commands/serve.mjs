// `dormouse-build serve`: serves the package in the current folder on this machine, and builds it again whenever it changes.

import { resolve } from "node:path";
import { parseOptions } from "../lib/options.mjs";
import { parsePort } from "../lib/port.mjs";
import { serve } from "../lib/serve.mjs";
import { parseVars } from "../lib/vars.mjs";

export const OPTIONS = {
  crate: { type: "string" },
  config: { type: "string", short: "c" },
  env: { type: "string", short: "e" },
  features: { type: "string" },
  host: { type: "string", default: "127.0.0.1" },
  port: { type: "string", default: "8787" },
  var: { type: "string", multiple: true, default: [] },
  persist: { type: "string" },
  release: { type: "boolean", default: false },
  watch: { type: "boolean", default: true },
  json: { type: "boolean", default: false },
};

export async function run(args) {
  const { crate = ".", config, ...values } = parseOptions(args, OPTIONS);
  await serve({ ...settingsOf(values), crate: resolve(crate), config: config && resolve(config) });
}

/** Returns the settings of `serve` that the options say, apart from the folders, which depend on where it is called. */
export const settingsOf = ({ env, features, host, port, var: vars, persist, release, watch, json }) => ({
  env,
  features,
  host,
  port: parsePort(port),
  vars: parseVars(vars),
  persist,
  release,
  watch,
  json,
});
