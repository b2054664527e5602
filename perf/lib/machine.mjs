// Where the numbers come from.

import { readFileSync } from "node:fs";
import { cpus, loadavg, release, totalmem } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { ROOT, lockedVersion } from "../../scripts/lib/root.mjs";
import { ask } from "../../scripts/lib/run.mjs";

const npm = (name) => JSON.parse(readFileSync(join(ROOT, "node_modules", name, "package.json"), "utf8")).version;

export const machine = () => ({
  cpu: cpus()[0].model.trim(),
  cores: cpus().length,
  memory_gib: Math.round(totalmem() / 2 ** 30),
  kernel: `Linux ${release()}`,
  /** Of the minute before: on an idle machine, near 0. */
  load_average_before: loadavg()[0],
});

// What is measured, what builds it, and what measures it; not what the bench itself writes.
const MEASURED = ["src", "tabletop", "relay", "scripts", "perf/lib", "perf/load", "perf/main.mjs", "perf/peers", "Cargo.toml", "Cargo.lock", "package-lock.json", "wrangler.toml"];

export const versions = () => ({
  commit: ask("git", ["rev-parse", "--short=10", "HEAD"]) + (ask("git", ["status", "--porcelain", "--", ...MEASURED]) ? ", changed" : ""),
  workerd: npm("workerd"),
  node: process.version,
  "socket.io": npm("socket.io"),
  partyserver: npm("partyserver"),
  "worker (crate)": lockedVersion("worker"),
  rustc: ask("rustc", ["--version"]),
});

/** A file's size as it is deployed, in 1000 bytes. */
export const gzipKb = (file) => gzipSync(readFileSync(file), { level: 9 }).length / 1000;
