// Describes the machine and the versions of a measurement.

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
  /** The average of the last minute: near 0 on an idle machine. */
  load_average_before: loadavg()[0],
});

// The files that affect a measurement, without those that the bench itself writes.
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

/** Returns a file's size after gzip, in units of 1000 bytes. */
export const gzipKb = (file) => gzipSync(readFileSync(file), { level: 9 }).length / 1000;
