// Random numbers that are the same in every run with the same seed, so that what a run found can be found again.

/** Returns a generator (mulberry32) of choices. */
export function random(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = state;
    x = Math.imul(x ^ (x >>> 15), x | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    /** Returns a whole number below `end`. */
    below: (end) => Math.floor(next() * end),
    /** Returns whether something of this probability happens. */
    chance: (probability) => next() < probability,
    /** Returns an item of a list. */
    of: (list) => list[Math.floor(next() * list.length)],
  };
}
