// The operating systems that a build runs on. Its linker and the cargo that stands before cargo are scripts, which Windows cannot start.

import { Refusal } from "./run.mjs";

/** Throws on Windows. */
export function checkSystem(system = process.platform) {
  if (system !== "win32") return;
  throw new Refusal(
    "This is Windows, and Dormouse builds on Linux and macOS only. Use WSL: `wsl --install`, then install Rust and Node in its " +
      "Linux and run this there, in a folder of its Linux.",
  );
}
