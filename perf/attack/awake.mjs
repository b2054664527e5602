// What keeps a world awake, as the admin HTTP API tells.

import { setTimeout as sleep } from "node:timers/promises";

// `webSockets`, `alarmAt` and `inMemoryMs` do not.
const HOLDS = ["polling", "draining", "probing", "hangingGets", "openPosts", "waitingHandlers", "heldEvents", "requests", "calls", "closingWebSockets", "unsentBytes", "timerAt"];

/** Asks until nothing holds the world awake. Returns the seconds that took, and what still holds it if they are too many. */
export async function quiet(url, world, key, limitSeconds) {
  const began = Date.now();
  for (;;) {
    const response = await fetch(`${url}/api/worlds/${world}/awake`, { headers: { authorization: `Bearer ${key}` } });
    const told = await response.json();
    const holds = HOLDS.filter((name) => told[name]).map((name) => `${name} ${told[name]}`);
    const seconds = (Date.now() - began) / 1000;
    if (!holds.length || seconds > limitSeconds) return { seconds, holds };
    await sleep(250);
  }
}
