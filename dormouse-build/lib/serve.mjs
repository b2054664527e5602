// Serves a package on this machine, and keeps up with its files: what was built last goes on serving until what is built now works.

import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { DEVELOPMENT, RELEASE } from "./build-profiles.mjs";
import { build } from "./build.mjs";
import { assetsDir, layOutAssets } from "./client.mjs";
import { configurationIn, readConfiguration } from "./configuration.mjs";
import { checkEvents } from "./events.mjs";
import { inputsOf, namedBy } from "./inputs.mjs";
import { renderLine } from "./log-lines.mjs";
import { Loop } from "./loop.mjs";
import { checkPort } from "./port.mjs";
import { prepare } from "./prepare.mjs";
import { Refusal, say } from "./run.mjs";
import { Runtime, checkClasses } from "./runtime.mjs";
import { onStop } from "./stop.mjs";
import { files } from "./tree.mjs";
import { Watch } from "./watch.mjs";
import { OF_VARIABLES, kindOf, watchedFolders } from "./watched.mjs";

// An editor writes several files at once, and formats them after it saved them.
const QUIET_MS = 50;

/**
 * Serves until a signal ends it.
 *
 * - `crate`: the folder of the package; `config`: the path of its wrangler configuration, by default in that folder; `env`: one of its
 *   environments.
 * - `host`, `port`: where to listen; 0 is a free port.
 * - `vars`: variables that replace those of the configuration.
 * - `persist`: the folder of the state, by default that of wrangler.
 * - `release`: builds as for a deployment, and not for development. `out`: serves this build, and builds nothing.
 * - `watch`: whether it keeps up with changes. `json`: prints the Worker's log as it is.
 */
export async function serve({ crate, config = configurationIn(crate), env, features, host = "127.0.0.1", port = 8787, vars = {}, persist, release = false, out, watch = true, json = false }) {
  await checkPort(host, port);
  const state = resolve(persist ?? join(dirname(config), ".wrangler", "state"));
  const colors = process.stdout.isTTY && !process.env.NO_COLOR;
  const runtime = new Runtime({
    host,
    port,
    persist: join(state, "v3"), // as wrangler, so that both see the same
    onLog: (line) => console.log(json ? line.message : renderLine(line, { colors })),
  });
  const stopped = new AbortController();
  const listen = onStop(async () => {
    stopped.abort();
    await runtime.dispose();
  });
  listen();

  const onFirst = () => {
    listen(); // again, because Miniflare's own handlers end the runtime at once
    const what = out ? `the build in ${shown(out)}` : `${crate === resolve("") ? basename(crate) : shown(crate)}, built for ${release ? "a deployment" : "development"}`;
    say(`serving ${what}; ${shown(config)}${env ? ` (${env})` : ""}; state in ${shown(state)}`);
    console.log(`ready ${runtime.url}`);
  };
  const served = new Served({ crate, config, env, features, vars, release, out, runtime, signal: stopped.signal, onFirst });
  await served.prepare();
  if (watch && !out) await keepUp(served, stopped.signal);
  else await served.start();
}

/** Returns a path as it is written in this folder. */
function shown(path) {
  const inside = relative("", path);
  return inside.startsWith("..") ? path : inside || ".";
}

async function keepUp(served, signal) {
  const watch = new Watch((path) => {
    const kind = served.kindOf(path);
    if (!kind || signal.aborted) return;
    watchAll(); // at once: a new folder may get files during the build
    loop.ask(kind);
  });
  const loop = new Loop(
    async (kinds) => {
      await served.update(kinds);
      if (!signal.aborted) watchAll();
    },
    { quietMs: QUIET_MS },
  );
  // What is served is not ended because a new folder cannot be watched.
  const watchAll = () => {
    try {
      watch.set({ flat: served.folders() });
    } catch (error) {
      console.error(error instanceof Refusal ? `✗ ${error.message}` : error);
    }
  };
  signal.addEventListener("abort", () => (watch.end(), loop.end()));
  watch.set({ flat: served.folders() });
  await loop.first(() => served.startOrWait());
  if (signal.aborted) return;
  watchAll(); // the build has said what else it read
  if (served.isServed) for (const kind of ["configuration", "pages", "sources"]) loop.ask(kind); // what was saved during it
}

/** Returns the text of a configuration and of the files of variables beside it. */
function textOf(config) {
  const entries = readdirSync(dirname(config), { withFileTypes: true }).filter((entry) => OF_VARIABLES.test(entry.name) && !entry.isDirectory());
  const beside = entries.map(({ name }) => join(dirname(config), name));
  return [config, ...beside].map((path) => (existsSync(path) ? readFileSync(path, "utf8") : "")).join("\0");
}

/** What is served: a build with a configuration. */
class Served {
  #settings;
  #configuration;
  // What the configuration was read from.
  #text;
  #inputs;
  // The digest of what is served.
  #digest;
  // Whether the last build failed.
  #failed = false;
  // What was asked for and could not be done.
  #pending = new Set();

  constructor(settings) {
    this.#settings = settings;
  }

  async prepare() {
    const { crate, out } = this.#settings;
    await this.#read();
    if (out) return;
    await prepare(crate);
    this.#locate();
  }

  async start() {
    if (!this.#settings.out) await this.#build({ quiet: false });
    await this.#serveFirst();
  }

  /** Starts, unless the build fails: then the first change that can be built is served by `update`. */
  async startOrWait() {
    try {
      await this.#build({ quiet: false });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (!this.#settings.signal.aborted) this.#sayFailed(error);
      return;
    }
    await this.#serveFirst();
  }

  get isServed() {
    return this.#digest !== undefined;
  }

  /** Brings up to date what has changed. Whatever is wrong is said, and what was served before is served on. */
  async update(changed) {
    const began = Date.now();
    const former = this.#configuration;
    const kinds = new Set([...changed, ...this.#pending]);
    if (!this.isServed) kinds.add("sources");
    try {
      if (kinds.has("configuration")) await this.#read();
      if (kinds.has("manifest")) this.#locate();
      if (kinds.has("sources") || kinds.has("manifest")) await this.#build();
      else layOutAssets(this.#out, this.#settings.crate);
      this.#pending = new Set();
      if (!this.isServed) return await this.#serveFirst();
      if (!(await this.#serve())) return say("nothing has changed in what is served");
      if (JSON.stringify(former.unserved) !== JSON.stringify(this.#configuration.unserved)) this.#sayUnserved();
      say(`reloaded ${((Date.now() - began) / 1000).toFixed(1)} s after the change`);
    } catch (error) {
      if (this.#settings.signal.aborted) return;
      this.#configuration = former;
      this.#text = undefined;
      this.#pending = new Set([...kinds].filter((kind) => kind !== "sources"));
      this.#sayFailed(error);
    }
  }

  /** The folders to watch. */
  folders() {
    return watchedFolders(this.#watched);
  }

  /** Returns what a changed file is a part of, or `undefined`. */
  kindOf(path) {
    return kindOf(path, this.#watched);
  }

  get #watched() {
    const { crate, config } = this.#settings;
    return { crate, config, out: this.#out, inputs: this.#inputs, named: namedBy(this.#out), failed: this.#failed };
  }

  get #out() {
    const { crate, out, release } = this.#settings;
    if (out) return out;
    const deployed = this.#configuration.main ? dirname(this.#configuration.main) : join(crate, "build");
    // A build of its own, so that one for a deployment stays as it is.
    return release ? deployed : join(deployed, "dev");
  }

  #locate() {
    this.#inputs = inputsOf(this.#settings.crate);
  }

  async #read() {
    const { config, env, vars } = this.#settings;
    // wrangler says its warnings at each reading.
    const text = textOf(config);
    if (text === this.#text) return;
    const configuration = await readConfiguration(config, { env, vars });
    const { bindings } = configuration.worker;
    // Pages under development come from servers of their own.
    if (!bindings.ALLOWED_ORIGINS && !("ALLOWED_ORIGINS" in vars)) {
      bindings.ALLOWED_ORIGINS = "*";
      configuration.unserved.unshift("ALLOWED_ORIGINS is * here, because it is not set: pages of every origin may connect.");
    }
    this.#configuration = configuration;
    this.#text = text;
  }

  async #build({ quiet = true } = {}) {
    const { crate, features, release, signal } = this.#settings;
    try {
      await build({ crate, features, out: this.#out, profile: release ? RELEASE : DEVELOPMENT, signal, quiet });
      this.#failed = false;
    } catch (error) {
      this.#failed = true;
      throw error;
    }
  }

  /** Serves what is built and read, if it differs from what is served; returns whether it does. */
  async #serve() {
    const hash = createHash("sha256").update(JSON.stringify(this.#configuration));
    for (const name of ["index.js", "index_bg.wasm"]) hash.update(readFileSync(join(this.#out, name)));
    // The runtime lists the assets when it starts.
    for (const path of files(assetsDir(this.#out))) hash.update(`${path} ${statSync(path).mtimeMs}\n`);
    const digest = hash.digest("hex");
    if (digest === this.#digest) return false;
    await checkClasses(this.#configuration.classes, this.#out);
    checkEvents(this.#configuration.events, this.#out);
    await this.#settings.runtime.serve(this.#configuration, this.#out);
    this.#digest = digest;
    return true;
  }

  async #serveFirst() {
    this.#sayUnserved();
    await this.#serve();
    this.#settings.onFirst();
  }

  #sayFailed(error) {
    const next = this.isServed ? "What was served before is still served." : "The next change that you save is built.";
    console.error(error instanceof Refusal ? `✗ ${error.message}\n  ${next}` : error);
  }

  #sayUnserved() {
    this.#configuration.unserved.forEach((sentence) => say(sentence));
  }
}
