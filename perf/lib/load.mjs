// Runs the load generator, perf/load/: one process for each measurement. It counts and checks every delivery.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { Refusal, run } from "../../scripts/lib/run.mjs";

// The longest measurement, a wake of 5,000 clients that waits until the other peers are connected and asleep, takes a minute on
// an idle machine. If a delivery is missing, the load generator itself fails long before this limit.
const PATIENCE_S = 600;

/** Builds the load generator, and returns its path. */
export async function buildLoad() {
  const locked = process.env.CI ? ["--locked"] : [];
  const said = await run("cargo", ["build", "--quiet", "--profile", "load", "-p", "load", "--message-format=json", ...locked], { keep: true, quiet: true });
  const program = said.split("\n").filter(Boolean).map((line) => JSON.parse(line)).find((message) => message.executable);
  return program.executable;
}

/** Does one work, and resolves with the load generator's report. */
export const load = (program, peer, server, options) => begin(program, peer, server, options).report;

/**
 * Starts a `wake` that waits after its clients are connected. `connected` resolves when they are; `wake()` wakes the world and
 * resolves with the report.
 */
export function hold(program, peer, server, options) {
  const { child, report } = begin(program, peer, server, { ...options, hold: true });
  const connected = Promise.race([once(createInterface({ input: child.stderr }), "line"), report]);
  return {
    connected,
    wake: () => {
      child.stdin.end("\n");
      return report;
    },
  };
}

function begin(program, { dialect }, { url, pid }, { work, ...options }) {
  if (work === "polling") url = url.replace(/^ws/, "http");
  const given = Object.entries({ url, dialect, "server-pid": pid, ...options }).filter(([, value]) => value !== false);
  const args = [work, ...given.flatMap(([name, value]) => [`--${name}`, ...(value === true ? [] : [String(value)])])];
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"] });
  child.stdin.on("error", () => {}); // the process has ended early, and `close` reports why
  let late = false;
  const limit = setTimeout(() => ((late = true), child.kill("SIGKILL")), PATIENCE_S * 1000);
  let [said, complained] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text) => (said += text));
  child.stderr.setEncoding("utf8").on("data", (text) => (complained += text));
  const report = once(child, "close").then(([code, signal]) => {
    clearTimeout(limit);
    if (code === 0) return JSON.parse(said);
    throw new Refusal(`load ${args.join(" ")}: ${late ? `took longer than ${PATIENCE_S} s` : complained.trim() || `ended by ${signal}`}`);
  });
  report.catch(() => {}); // callers await it later; without this, an early failure would end the bench
  return { child, report };
}
