// A real browser, for the tests.

import assert from "node:assert/strict";
import { chromium } from "playwright-core";
import { NO_CHROMIUM, chromiumPath } from "../scripts/lib/chromium.mjs";
import { LIMIT_MS } from "./waiting.mjs";

/** Starts a browser without a window; its `close()` ends it. */
export function launchBrowser(...args) {
  const executablePath = chromiumPath();
  assert.ok(executablePath, NO_CHROMIUM);
  return chromium.launch({ executablePath, args: ["--no-sandbox", ...args], timeout: LIMIT_MS });
}
