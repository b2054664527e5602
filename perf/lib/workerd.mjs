// Runs a Worker directly on workerd, without wrangler or Miniflare, so that the process's CPU time and memory are the server's.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { ROOT } from "../../scripts/lib/root.mjs";
import { Refusal } from "../../scripts/lib/run.mjs";
import { tied } from "./tied.mjs";

// The program itself. The one in .bin may be a script that starts it, and then the script's process would be measured.
const workerd = createRequire(createRequire(import.meta.url).resolve("miniflare"))("workerd");

export const workerdVersion = workerd.version;

/**
 * Starts a Worker whose class `World` is bound as `WORLD`, and resolves when it listens.
 *
 * - `modules`: `{ name: path }`. The first is the entry; a name that ends in `.wasm` is a compiled module.
 * - `vars`: the Worker's variables, all strings.
 * - `flags`: its compatibility flags, by default those of wrangler.toml.
 * - `args`: further arguments for workerd.
 * - `storage`: a directory in which storage outlives the process; by default, storage is lost with it.
 */
export async function startWorkerd({ modules, vars = {}, flags = deployedFlags, args = [], storage }) {
  const dir = mkdtempSync(join(tmpdir(), "dormouse-bench-"));
  storage ??= join(dir, "storage");
  mkdirSync(storage, { recursive: true });
  for (const [name, path] of Object.entries(modules)) copyFileSync(path, join(dir, name)); // workerd embeds no files from elsewhere
  const config = join(dir, "config.capnp");
  writeFileSync(config, capnp(Object.keys(modules), vars, flags, storage));
  const child = spawn(workerd.default, ["serve", config, "--control-fd=3", ...args], { stdio: ["ignore", "pipe", "pipe", "pipe"] });

  const logs = [];
  for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on("line", (line) => logs.push(line));
  const listening = once(createInterface({ input: child.stdio[3] }), "line");
  const { ended, end: stop } = tied(child, () => rmSync(dir, { recursive: true, force: true }));
  const line = await Promise.race([listening, ended.then(() => null)]);
  if (!line) {
    await stop();
    throw new Refusal(`workerd did not start:\n${logs.join("\n")}`);
  }
  return {
    pid: child.pid,
    port: JSON.parse(line[0]).port,
    /** Every line that the Worker or the runtime printed. */
    logs,
    /** Returns how often an object was constructed: once for its first request, and once for every wake. */
    boots: () => logs.filter((line) => line === "boot" || line.includes('"message":"boot"')).length,
    stop,
  };
}

/** Returns the modules of a build by worker-build: its script and its wasm. */
export const modulesOf = (build) =>
  Object.fromEntries(["index.js", ...readdirSync(build).filter((name) => name.endsWith(".wasm"))].map((name) => [name, join(build, name)]));

// The compatibility date and flags of the deployment, which turn compression off.
const toml = readFileSync(join(ROOT, "wrangler.toml"), "utf8");
const [, date] = toml.match(/^compatibility_date = (".*")$/m);
const deployedFlags = JSON.parse(toml.match(/^compatibility_flags = (\[.*\])$/m)[1]);

function capnp(modules, vars, flags, storage) {
  const text = JSON.stringify; // Cap'n Proto's string literals are those of C
  const module = (name) => `(name = ${text(name)}, ${name.endsWith(".wasm") ? "wasm" : "esModule"} = embed ${text(name)})`;
  const variable = ([name, value]) => `(name = ${text(name)}, text = ${text(value)})`;
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .worker), (name = "storage", disk = (path = ${text(storage)}, writable = true))],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")]
);
const worker :Workerd.Worker = (
  modules = [${modules.map(module).join(", ")}],
  compatibilityDate = ${date},
  compatibilityFlags = ${text(flags)},
  durableObjectNamespaces = [(className = "World", uniqueKey = "bench", enableSql = true)],
  durableObjectStorage = (localDisk = "storage"),
  bindings = [(name = "WORLD", durableObjectNamespace = "World")${Object.entries(vars).map((entry) => `, ${variable(entry)}`).join("")}]
);
`;
}
