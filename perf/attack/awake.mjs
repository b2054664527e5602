// What keeps a world awake, as the admin HTTP API tells.

import { setTimeout as sleep } from "node:timers/promises";

// What keeps a world awake. WebSockets, also closed ones, do not, unless they have unsent bytes.
const HOLDS = ["polling", "draining", "probing", "hangingGets", "openPosts", "waitingHandlers", "heldEvents", "requests", "calls", "unsentBytes", "timerAt"];

/** Returns the counts of what can keep a world awake. */
export async function countsOf(url, world, key) {
  const response = await fetch(`${url}/api/worlds/${world}/awake`, { headers: { authorization: `Bearer ${key}` } });
  return response.json();
}

/**
 * Asks until nothing holds the world awake, or for `limit` milliseconds. Returns the seconds that took, what `held` it to the end, and
 * what did `last`.
 */
export async function quiet(url, world, key, limit) {
  const began = Date.now();
  for (let last = "nothing"; ; ) {
    const told = await countsOf(url, world, key);
    const held = HOLDS.filter((name) => told[name]).map((name) => `${name} ${told[name]}`).join(", ");
    const seconds = (Date.now() - began) / 1000;
    if (!held || seconds * 1000 > limit) return { seconds, held, last };
    last = held;
    await sleep(250);
  }
}
