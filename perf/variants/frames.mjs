// Compares the same bytes as base64 in a text frame, and as a binary attachment, which is a separate frame after the text.

import { cpuOf } from "./builds.mjs";

const CLIENTS = 100;
/** Sizes in bytes before the encoding; base64 makes four bytes of three. */
export const sizes = [75, 300, 1_200, 3_000, 12_000, 48_000];

export const frames = {
  text: (bytes) => ({ bytes: (bytes / 3) * 4 }),
  binary: (bytes) => ({ bytes, binary: true }),
};

/** Measures one round of one encoding: the server's CPU time per delivery by size, in microseconds. */
export async function measureFrames(program, build, as) {
  const results = {};
  for (const bytes of sizes) {
    const count = bytes > 10_000 ? 20_000 : 100_000;
    const work = { work: "broadcast", clients: CLIENTS, count, "warm-up": Math.min(count, 30_000), ...as(bytes) };
    results[bytes] = await cpuOf(program, build, work);
  }
  return results;
}
