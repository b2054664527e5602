// The load generator, perf/load/: one process for each measurement, which counts and checks every delivery by itself.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { Refusal, run } from "../../scripts/lib/run.mjs";

// The longest, a world of 5,000 that waits until all others are connected and asleep, takes a minute on an idle machine. What a server
// owes is missed long before, by the load generator itself.
const PATIENCE_S = 600;

/** Builds the load generator, and gives its path. */
export async function buildLoad() {
  const locked = process.env.CI ? ["--locked"] : [];
  const said = await run("cargo", ["build", "--quiet", "--profile", "load", "-p", "load", "--message-format=json", ...locked], { keep: true, quiet: true });
  const program = said.split("\n").filter(Boolean).map((line) => JSON.parse(line)).find((message) => message.executable);
  return program.executable;
}

/** Does one work, and gives what the load generator reports. */
export const load = (program, peer, server, options) => begin(program, peer, server, options).report;

/**
 * Connects the clients of a `wake`, which then wait: `connected` resolves when they have, `wake()` when the world has been
 * woken, with the report.
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
  child.stdin.on("error", () => {}); // whoever ended early says why
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
  report.catch(() => {}); // it is awaited later
  return { child, report };
}
