// What the operating system says about another process.

import { readFileSync, readdirSync } from "node:fs";

/** CPU time of all threads of a process, in milliseconds, by the scheduler's own count; null where there is no /proc. */
export function cpuMs(pid) {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    return threads.reduce((total, thread) => total + Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]), 0) / 1e6;
  } catch {
    return null;
  }
}
