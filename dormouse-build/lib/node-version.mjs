// The Node that wrangler and Miniflare need.

import { Refusal } from "./run.mjs";

const OLDEST = [22, 12];

/** Returns whether a version, such as "v22.12.0", is new enough. */
export function isNewEnough(version) {
  const [major, minor] = version.replace(/^v/, "").split(".").map(Number);
  return major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
}

/** Throws if the running Node is too old. */
export function checkNode(version = process.version) {
  if (isNewEnough(version)) return;
  throw new Refusal(
    `This is Node ${version.slice(1)}; wrangler and the runtime need ${OLDEST.join(".")} or newer. Install a newer Node, or give this ` +
      "project one of its own: `npm install --save-dev node@24`. `npm run` and `npx` then use it.",
  );
}
