// The harness of the end-to-end tests: runs the built Worker in the real runtime (workerd), without wrangler's proxy. Each test
// file has its own runtime on its own port, and ends it with `dispose()`.

import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { Log, LogLevel, Miniflare, convertV4MiniflareOptions } from "miniflare";
import { assetsDir } from "../dormouse-build/lib/client.mjs";
import { recordOf } from "../dormouse-build/lib/log-lines.mjs";
import { ROOT, defaultBuildDir } from "../scripts/lib/root.mjs";

// The names that wrangler.toml and every example's wrangler.toml use.
const WORKER = "dormouse";
const CLASS = "World";
const BINDING = "WORLD";

/** Reads values of the wrangler.toml beside a build, or else of the relay's, so that the tests run with deployed settings. */
function settings(dir) {
  const beside = join(dirname(dir), "wrangler.toml");
  const toml = readFileSync(existsSync(beside) ? beside : join(ROOT, "wrangler.toml"), "utf8");
  return (key) => {
    const found = toml.match(new RegExp(`^${key} = ("[^"]*"|\\[[^\\]]*\\])`, "m"));
    return found ? JSON.parse(found[1]) : undefined;
  };
}

/** Returns the settings of static assets: the client's bundles and an example's pages. A handwritten fixture has none. */
function assets(dir, setting) {
  const directory = assetsDir(dir);
  if (!existsSync(directory)) return {};
  const assetConfig = { html_handling: setting("html_handling") };
  return { assets: { directory, assetConfig, routerConfig: { has_user_worker: true } } };
}

/**
 * Returns the modules by name, as Miniflare needs them: one script and, unless it is a handwritten fixture, one wasm file; before
 * them the module that wraps the script, if there is one.
 */
function modules(dir, wrapper) {
  if (!existsSync(join(dir, "index.js"))) {
    throw new Error(`There is no build in ${relative(ROOT, dir)}: run \`npm run build\` (--example, --features and --out say which).`);
  }
  const names = ["index.js", ...readdirSync(dir).filter((name) => name.endsWith(".wasm"))];
  const built = names.map((name) => ({
    type: name.endsWith(".wasm") ? "CompiledWasm" : "ESModule",
    path: name,
    contents: readFileSync(join(dir, name)),
  }));
  return wrapper ? [{ type: "ESModule", path: "wrapper.js", contents: readFileSync(resolve(ROOT, wrapper)) }, ...built] : built;
}

/**
 * Starts a built Worker; resolves when it accepts requests.
 *
 * - `vars`: the Worker's variables, all strings. By default every origin is allowed.
 * - `example`: the name of an example, instead of the relay.
 * - `build`: another build's directory, relative to the project, such as "target/other-build".
 * - `persist`: a directory in which storage outlives this runtime; by default, storage is lost with it.
 * - `host`, `port`: where to listen; by default a free port.
 * - `inspectorPort`: where the runtime's inspector listens, 0 for a free port; by default there is none.
 * - `wrapper`: a module that imports the build as "./index.js", relative to the project. It is the Worker instead of the build, and may
 *   use what only the runtime's own tests may.
 * - `serveClient`: whether the build's assets are served, as by an `[assets]` table; by default true.
 * - `platform`: more options of Miniflare, such as `kvNamespaces`.
 * - `onLog`: called with each line that the Worker prints.
 */
export async function startWorker({ vars = {}, example, build, wrapper, persist, host = "127.0.0.1", port = 0, inspectorPort, serveClient = true, platform, onLog } = {}) {
  const dir = build ? resolve(ROOT, build) : defaultBuildDir(example);
  const setting = settings(dir);
  const [logs, records] = [[], []];
  const record = (text) => {
    for (const line of String(text).split("\n")) {
      const found = recordOf(line);
      if (found !== undefined) records.push(found);
      logs.push(found?.message ?? line);
      onLog?.(line);
    }
  };

  const mf = new Miniflare(
    convertV4MiniflareOptions({
      name: WORKER,
      modules: modules(dir, wrapper),
      compatibilityDate: setting("compatibility_date"),
      compatibilityFlags: [...(setting("compatibility_flags") ?? []), ...(wrapper ? ["experimental"] : [])],
      ...(serveClient && assets(dir, setting)),
      durableObjects: { [BINDING]: { className: CLASS, useSQLite: true } },
      bindings: { ALLOWED_ORIGINS: "*", ...vars },
      ...platform,
      host,
      port,
      ...(inspectorPort !== undefined && { inspectorPort }),
      cf: false, // otherwise it fetches a sample of `request.cf` from the internet
      telemetry: { enabled: false },
      ...(persist && { resourcePersistencePath: resolve(persist) }),
      // The Worker's console output, also from woken objects. Without this handler it goes to our own stdout.
      handleStructuredLogs: ({ message }) => record(message),
      log: new RuntimeLog(record),
    }),
  );
  const url = (await mf.ready).origin;

  return {
    url,
    mf,
    /** Every line that the Worker printed, in order: the message of a line of Dormouse's log, and any other line as it is. */
    logs,
    /** The lines of Dormouse's log, in order: `{ level, message, world, namespace, socket, event, code, ms }`, where they apply. */
    records,
    /** Returns how often the world's object was constructed: once for its first request, and once for each wake. */
    boots: (world) => records.filter((line) => line.message === "boot" && line.world === world).length,
    /**
     * Hibernates a world at once, as ten idle seconds would; its sockets stay connected. Resolves with false if it was
     * hibernated already. Like real hibernation, it waits for pending timers, held requests and unsent bytes: after 30 s
     * the promise is rejected, with an error that the object "still has active references".
     */
    async evict(world) {
      try {
        await mf.unsafeEvictDurableObject(WORKER, CLASS, { name: world, webSockets: "hibernate" });
        return true;
      } catch (error) {
        if (/not currently running/.test(error.message)) return false;
        throw error;
      }
    },
    dispose: () => mf.dispose(),
  };
}

/** Records Miniflare's own warnings and errors among the Worker's lines, so that a failing test can show them. */
class RuntimeLog extends Log {
  #record;
  constructor(record) {
    super(LogLevel.WARN);
    this.#record = record;
  }
  log(message) {
    this.#record(`[runtime] ${message}`);
  }
}
