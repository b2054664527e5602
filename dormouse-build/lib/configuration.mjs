// A package's wrangler configuration, read by wrangler, as options of Miniflare.

import { existsSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { assetsDir } from "./client.mjs";
import { Refusal } from "./run.mjs";
import { loadWrangler } from "./wrangler.mjs";

// In the order in which wrangler looks for them.
const NAMES = ["wrangler.json", "wrangler.jsonc", "wrangler.toml"];

/** The binding by which Dormouse's Worker reaches the objects (src/cloudflare/worker_entry.rs). */
const WORLD = "WORLD";

/** Returns the path of the configuration in a folder; `undefined` if there is none. */
export const findConfiguration = (dir) => NAMES.map((name) => join(dir, name)).find((path) => existsSync(path));

/** Returns the path of the configuration in a folder, which must have one. */
export function configurationIn(dir) {
  const found = findConfiguration(dir);
  if (!found) throw new Refusal(`There is no wrangler.toml in ${dir}, nor wrangler.json(c): it names the Worker, its variables and its bindings.`);
  return found;
}

// What Miniflare simulates on this machine.
const SERVED = new Set([
  "analytics_engine", "assets", "d1", "data_blob", "durable_object_namespace", "hyperdrive", "inherit", "json", "kv_namespace", "plain_text",
  "queue", "r2_bucket", "ratelimit", "secret_text", "secrets_store_secret", "send_email", "service", "text_blob", "version_metadata",
  "wasm_module", "worker_loader", "workflow",
]);

/**
 * Reads a configuration as `wrangler dev` does, with `.dev.vars` or `.env` beside it. Returns
 *
 * - `name`, the Worker's; `main`, its script's path; `root`, the folder of the configuration;
 * - `worker`: the options of Miniflare for it (of version 4, to be converted), without its modules and its assets' folder;
 * - `classes`: the names of the Durable Object classes that the build must export;
 * - `events`: the events that the build must handle beside requests;
 * - `external`: whether it is bound to other Workers;
 * - `dropped`: the names of the bindings that cannot be served here;
 * - `unserved`: a sentence for each of these, and for each part that is not served as at Cloudflare.
 */
export async function readConfiguration(path, { env, vars = {} } = {}) {
  const wrangler = await loadWrangler();
  const read = () => {
    const config = wrangler.unstable_readConfig({ config: path, env });
    // Containers would need Docker.
    return { config, ...wrangler.unstable_getMiniflareWorkerOptions(config, env, { overrides: { enableContainers: false } }) };
  };
  const { config, workerOptions } = refusingUserErrors(path, read);
  const shown = relative("", path) || path;
  const bindings = wrangler.unstable_convertConfigBindingsToStartWorkerBindings(config);
  const name = config.name ?? "worker"; // as wrangler calls it
  const own = config.durable_objects.bindings.filter(({ script_name }) => script_name === undefined || script_name === name);
  checkWorld(shown, own, workerOptions);

  const { modulesRules: _, ...worker } = workerOptions;
  Object.assign(worker.bindings, vars);
  checkJurisdiction(worker.bindings);
  const isExternal = (binding) => ![undefined, name].includes(targetOf(binding));
  return {
    name,
    root: dirname(path),
    main: config.main === undefined ? undefined : resolve(dirname(path), config.main),
    worker: { ...worker, name },
    classes: [...new Set(own.map(({ class_name }) => class_name))],
    events: eventsOf(config),
    external: Object.values(bindings).some(isExternal),
    dropped: Object.keys(bindings).filter((binding) => !SERVED.has(bindings[binding].type)),
    unserved: unserved(config, bindings, isExternal),
  };
}

/** Returns the events beside requests that a configuration asks for, as wrangler has read it. */
export function eventsOf({ triggers, queues }) {
  return [...(triggers.crons?.length ? ["scheduled"] : []), ...(queues.consumers?.length ? ["queue"] : [])];
}

/** Returns the options with the assets of a build, if the configuration has any. */
export function withAssets(worker, out) {
  return worker.assets ? { ...worker, assets: { ...worker.assets, directory: assetsDir(out) } } : worker;
}

/** Calls a function of wrangler. Of its errors about what the user wrote, the message is enough; only they have a message for its telemetry. */
export function refusingUserErrors(path, read) {
  try {
    return read();
  } catch (error) {
    throw "telemetryMessage" in error ? new Refusal(`${path}: ${error.message.trim()}`) : error;
  }
}

/** Returns the name of the Worker that a binding is to, or `undefined` if it is to none, or to this one without its name. */
const targetOf = ({ type, service, script_name: script }) => (type === "service" ? service : script);

function checkWorld(path, own, { durableObjects }) {
  const world = own.find(({ name }) => name === WORLD);
  if (!world) {
    throw new Refusal(`${path} binds no Durable Object class of this Worker as ${WORLD}, and every request needs that: write
  [[durable_objects.bindings]]
  name = "${WORLD}"
  class_name = "World"   # as in \`dormouse::world!(World, app)\``);
  }
  const { class_name: name } = world;
  if (!durableObjects[WORLD].useSQLite) {
    throw new Refusal(`${path} declares no SQLite storage for the class ${name}, and every world needs that: write
  [exports.${name}]
  type = "durable-object"
  storage = "sqlite"`);
  }
}

function checkJurisdiction({ JURISDICTION: jurisdiction }) {
  if (typeof jurisdiction !== "string" || !jurisdiction.trim()) return;
  throw new Refusal(`JURISDICTION is "${jurisdiction.trim()}". Locally, workerd has no jurisdictions, and every request would get a 500: set JURISDICTION= in .dev.vars to run such a server locally.`);
}

/** Returns a sentence for each part of the configuration that is not served as Cloudflare would. */
function unserved(config, bindings, isExternal) {
  const sentences = [];
  for (const [name, binding] of Object.entries(bindings)) {
    const { type, remote } = binding;
    if (!SERVED.has(type)) sentences.push(`${name} (${type}) is not served: it exists only at Cloudflare. \`npx wrangler dev\` reaches it there.`);
    else if (remote) sentences.push(`${name} (${type}) is served from this machine: \`remote\` is for \`npx wrangler dev\`.`);
    else if (isExternal(binding)) sentences.push(`${name} (${type}) is the Worker "${targetOf(binding)}": it answers while that runs here, too, such as by \`npx wrangler dev\`.`);
  }
  if (config.triggers.crons?.length) sentences.push("Cron triggers do not go off by themselves: GET /cdn-cgi/handler/scheduled does one's work.");
  if (config.containers?.length) sentences.push("Containers are not served: `npx wrangler dev` runs them in Docker.");
  if (config.tail_consumers?.length || config.streaming_tail_consumers?.length) sentences.push("Tail consumers are not served.");
  return sentences;
}
