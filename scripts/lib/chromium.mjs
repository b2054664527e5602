// The browser for the browser tests: the one that is installed, or Debian's package if we may install it (as root).

import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { ask, run, say } from "./run.mjs";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** Returns the path of a Chromium, or null. The environment variable `CHROMIUM` takes precedence over the PATH. */
export function chromiumPath() {
  if (process.env.CHROMIUM) return process.env.CHROMIUM;
  for (const name of NAMES) {
    for (const dir of (process.env.PATH ?? "").split(delimiter)) {
      try {
        accessSync(join(dir, name), constants.X_OK);
        return join(dir, name);
      } catch {}
    }
  }
  return null;
}

export const NO_CHROMIUM = "No Chromium here: install Debian's package `chromium` (or name a browser in CHROMIUM); until then the browser test fails.";

export async function ensureChromium() {
  if (chromiumPath()) return;
  if (process.getuid?.() === 0 && ask("apt-get", ["--version"]) !== null) {
    say("Chromium: apt-get install chromium (some 10 s)");
    const apt = { env: { DEBIAN_FRONTEND: "noninteractive" }, seconds: 600, quiet: true };
    try {
      await run("apt-get", ["-qq", "update"], apt); // before this, a fresh machine knows no packages
      await run("apt-get", ["-qq", "-y", "--no-install-recommends", "install", "chromium"], apt);
    } catch (error) {
      console.warn(`⚠ ${error.message}`);
    }
  }
  if (!chromiumPath()) console.warn(`⚠ ${NO_CHROMIUM}`);
}
