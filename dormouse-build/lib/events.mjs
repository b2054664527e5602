// The events that a Worker handles beside requests: those that its configuration asks for, and those that its build has.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { eventsOf, findConfiguration, refusingUserErrors } from "./configuration.mjs";
import { Refusal } from "./run.mjs";
import { loadWrangler } from "./wrangler.mjs";

/** The events that a configuration may ask for, beside requests. */
const EVENTS = [
  ["scheduled", "on_scheduled", "has cron triggers"],
  ["queue", "on_queue", "consumes a queue"],
];

/** Throws if the build in a folder does not handle an event that the configuration asks for. */
export function checkEvents(events, out) {
  const script = readFileSync(join(out, "index.js"), "utf8");
  for (const [event, method, what] of EVENTS) {
    if (!events.includes(event) || new RegExp(`prototype\\.${event}\\s*=`).test(script)) continue;
    throw new Refusal(`The configuration ${what}, and the Worker does not handle that: register a handler by \`App::${method}\`, and write \`dormouse::world!(World, app, ${event});\`.`);
  }
}

/**
 * Does the same with a configuration that is not read yet: the one at the path `config`, by default that in the folder `crate`, if there is
 * one. It is read only if it may ask for events, because wrangler takes a second to load.
 */
export async function checkEventsOf(crate, out, { config = findConfiguration(crate), env = process.env.CLOUDFLARE_ENV } = {}) {
  if (config === undefined || !/crons|consumers/.test(readFileSync(config, "utf8"))) return;
  const wrangler = await loadWrangler();
  const read = () => wrangler.unstable_readConfig({ config, env });
  checkEvents(eventsOf(refusingUserErrors(config, read)), out);
}
