// Reads the CPU time of another process.

import { readFileSync, readdirSync } from "node:fs";

/** Returns the CPU time of all threads of a process in milliseconds, from the scheduler's statistics, or null without /proc. */
export function cpuMs(pid) {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    return threads.reduce((total, thread) => total + Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]), 0) / 1e6;
  } catch {
    return null;
  }
}
