// The same bytes as text, in base64, and as a binary attachment, which is a frame of its own behind the text.

import { cpuOf } from "./builds.mjs";

const CLIENTS = 100;
/** Bytes of what is to be sent; base64 has four for three. */
export const sizes = [75, 300, 1_200, 3_000, 12_000, 48_000];

export const frames = {
  text: (bytes) => ({ bytes: (bytes / 3) * 4 }),
  binary: (bytes) => ({ bytes, binary: true }),
};

/** One round of one kind: CPU of the server per delivery by size, in microseconds. */
export async function measureFrames(program, build, as) {
  const results = {};
  for (const bytes of sizes) {
    const count = bytes > 10_000 ? 20_000 : 100_000;
    const work = { work: "broadcast", clients: CLIENTS, count, "warm-up": Math.min(count, 30_000), ...as(bytes) };
    results[bytes] = await cpuOf(program, build, work);
  }
  return results;
}
