// The built Worker in the real runtime (workerd), by Miniflare.

import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { withAssets } from "./configuration.mjs";
import { recordOf } from "./log-lines.mjs";
import { Refusal } from "./run.mjs";
import { CLASSES } from "./unused-exports.mjs";

/** A world cannot be called so: the Worker responds itself, after it has parsed its variables and called `app`. */
const PROBE = "http://localhost/w/-*-/socket.io/";

// It takes milliseconds, on a busy machine a second or two; only an app that never ends takes longer.
const PROBE_MS = 60_000;

/** A running Worker whose code and configuration can be exchanged. Storage stays; sockets are lost, and clients connect again. */
export class Runtime {
  #miniflare;
  #settings;
  #accepted;
  // While the Worker is probed, its lines are held back: a refusal says what they say.
  #held;

  /**
   * `settings`: `host`, `port`, the folder `persist` of the state, and `onLog({ timestamp, message })`; for tests, `load`, which resolves
   * with Miniflare's package, and `probeMs`, how long the Worker may take for its first response.
   */
  constructor(settings) {
    this.#settings = { load: () => import("miniflare"), probeMs: PROBE_MS, ...settings };
  }

  /** Serves a build with a configuration. Throws a `Refusal` if the Worker refuses its configuration; what was served before, if anything, is served on. */
  async serve(configuration, out) {
    const { Miniflare } = await this.#settings.load();
    const options = await this.#options(configuration, out);
    this.#held = [];
    try {
      if (this.#miniflare) await this.#miniflare.setOptions(options);
      else this.#miniflare = new Miniflare(options);
      this.url = (await this.#miniflare.ready).origin;
      this.#settings.port = Number(new URL(this.url).port);
      const refused = await this.#probe();
      if (refused === undefined) {
        this.#accepted = options;
        this.#release();
        return;
      }
      this.#release((message) => !(recordOf(message)?.message ?? message).includes(refused));
      throw new Refusal(`The Worker refuses to serve: ${refused}`);
    } catch (error) {
      this.#release();
      if (this.#accepted) await this.#goBack(error);
      throw error;
    }
  }

  async #goBack(reason) {
    try {
      await this.#miniflare.setOptions(this.#accepted);
    } catch (error) {
      throw new Refusal(`${reason.message}\n  What was served before cannot be served any more: ${error.message}\n  Start \`serve\` again.`, { cause: reason });
    }
  }

  async dispose() {
    await this.#miniflare?.dispose();
  }

  async #options({ name, root, worker, external, dropped }, out) {
    const { Log, LogLevel, convertV4MiniflareOptions, resolveDevRegistryPath } = await this.#settings.load();
    const { host, port, persist } = this.#settings;
    const log = (timestamp, message) => {
      if (this.#held) this.#held.push({ timestamp, message });
      else this.#settings.onLog({ timestamp, message });
    };
    const options = convertV4MiniflareOptions({
      host,
      port,
      cf: false, // otherwise it fetches a sample of `request.cf` from the internet
      telemetry: { enabled: false },
      rootPath: root,
      resourcePersistencePath: persist,
      resourceTmpPath: join(root, ".wrangler", "tmp"),
      unsafeTriggerHandlers: true, // /cdn-cgi/handler/…, as in `wrangler dev`
      ...(external && { unsafeDevRegistryPath: resolveDevRegistryPath(process.env.WRANGLER_REGISTRY_PATH) }),
      // The Worker's console output, also from woken objects.
      handleStructuredLogs: ({ timestamp, message }) => log(timestamp, message),
      log: new (class extends Log {
        log(message) {
          log(Date.now(), message);
        }
      })(LogLevel.WARN),
      workers: [{ ...withAssets(worker, out), modules: modulesOf(out) }],
    });
    const { env } = options.workers.find(({ config }) => config.name === name).config;
    for (const binding of dropped) delete env[binding];
    return options;
  }

  /** Returns why the Worker answers no request, or `undefined`. */
  async #probe() {
    const { probeMs } = this.#settings;
    try {
      const response = await this.#miniflare.dispatchFetch(PROBE, { signal: AbortSignal.timeout(probeMs) });
      const text = await response.text();
      return response.status < 500 ? undefined : messageIn(text);
    } catch (error) {
      return error.name === "TimeoutError" ? `it has not responded within ${probeMs / 1000} s.` : error.message;
    }
  }

  #release(isShown = () => true) {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const line of held) if (isShown(line.message)) this.#settings.onLog(line);
  }
}

/** Returns the message of an error's body. */
function messageIn(text) {
  try {
    return JSON.parse(text).message ?? text;
  } catch {
    return text;
  }
}

/** Returns the modules of a build by name, read, so that a build under way changes nothing of what is served. */
function modulesOf(out) {
  const names = ["index.js", ...readdirSync(out).filter((name) => name.endsWith(".wasm"))];
  return names.map((path) => ({ type: path.endsWith(".wasm") ? "CompiledWasm" : "ESModule", path, contents: readFileSync(join(out, path)) }));
}

/** Throws if the build in a folder lacks a class that the configuration binds. */
export async function checkClasses(classes, out) {
  const { build } = await import("esbuild");
  const { metafile } = await build({ entryPoints: [join(out, "index.js")], write: false, metafile: true, logLevel: "silent" });
  const exported = Object.values(metafile.outputs)[0].exports;
  const missing = classes.find((name) => !exported.includes(name));
  if (missing === undefined) return;
  const there = exported.filter((name) => /^[A-Z]/.test(name) && !CLASSES.includes(name.toLowerCase()));
  const advice = there.length ? `It exports ${there.join(", ")}: \`class_name\` must be the name in \`dormouse::world!(…)\`.` : "It exports none: `dormouse::world!(World, app);` exports World.";
  throw new Refusal(`The configuration binds the Durable Object class ${missing}, which the Worker does not export. ${advice}`);
}
