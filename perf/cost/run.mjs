// Runs each hour in a new process.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Refusal } from "../../scripts/lib/run.mjs";

/** A file system in memory, if there is one, so that the disk's speed does not affect the results. */
const TMPDIR = ["/dev/shm"].find(existsSync);

/** Runs one hour in a new process, and resolves with its counts. */
export function runHour(settings) {
  return new Promise((resolve, reject) => {
    const hour = fileURLToPath(new URL("hour.mjs", import.meta.url));
    const child = spawn(process.execPath, [hour, JSON.stringify(settings)], {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, ...(TMPDIR && { TMPDIR }) },
    });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text) => (output += text));
    child.on("error", reject);
    child.on("close", (code) =>
      code === 0 ? resolve(JSON.parse(output)) : reject(new Refusal(`The ${settings.hour} hour of the object "${settings.object}" failed.`)),
    );
  });
}
