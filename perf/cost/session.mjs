// The played hour: six people at a virtual tabletop. The script is data, and the same seed makes the same hour every time.
// docs/cost.md has it as a table, with its sources.

export const SEED = 20_261_121;

/** Number of clients: the GM and five players. */
export const USERS = 6;
const GM = 0;

/**
 * The kinds of events. `bytes`: the payload's minimum and maximum; `ack`: the sender asks for an acknowledgement, as Foundry's
 * modules do; `volatile`: the client drops the event instead of queueing it.
 */
export const KINDS = {
  cursor: { event: "module.cursor", bytes: [40, 60], volatile: true },
  dice: { event: "module.dice", bytes: [250, 450], ack: true },
  token: { event: "module.token", bytes: [90, 150], ack: true },
  ask: { event: "module.ask-gm", bytes: [150, 300], ack: true },
  answer: { event: "module.gm-answer", bytes: [100, 1_000] },
  scene: { event: "module.scene", bytes: [4_000, 12_000], ack: true },
};

/** Cursor events per second while a hand moves (the default), and the minimum and maximum duration of a movement in seconds. */
const PER_SECOND = 10;
const STROKE_SECONDS = [1, 4];
/** Minimum and maximum time in seconds that the GM's client takes to answer. */
const GM_TAKES = [0.2, 1.5];

/**
 * Five minutes at the table, which are repeated twelve times in an hour with other random numbers. The numbers are per minute:
 * `strokes`, `tokens` and `asks` of each player (strokes also of the GM), `dice` of all together. `scenes` are per phase.
 */
export const CYCLE = [
  { name: "talk", seconds: 75, strokes: 0.5, tokens: 0, dice: 1, asks: 0 },
  { name: "scene", seconds: 10, strokes: 2, tokens: 0, dice: 0, asks: 6, scenes: 1 },
  { name: "explore", seconds: 65, strokes: 3, tokens: 2, dice: 3, asks: 0.5 },
  { name: "combat", seconds: 90, strokes: 4, tokens: 2, dice: 14, asks: 2 },
  { name: "pause", seconds: 60, strokes: 0, tokens: 0, dice: 0, asks: 0 },
];

/** Returns a random number generator (mulberry32) for numbers from 0 to 1. */
function generator(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Returns the events of `minutes` minutes of the hour, beginning at the minute `from`: `{ at, user, kind, bytes }`, in order,
 * with `at` in milliseconds from there.
 */
export function play(minutes, { from = 0, perSecond = PER_SECOND } = {}) {
  const random = generator(SEED);
  const between = ([least, most]) => least + random() * (most - least);
  const events = [];
  const add = (seconds, user, kind, times = 1) => {
    const bytes = Math.round(between(KINDS[kind].bytes));
    for (let n = 0; n < times; n++) events.push({ at: Math.round((seconds + n / perSecond) * 1000), user, kind, bytes });
  };

  /** Calls `emit` at random times of a phase, on average `perMinute` times a minute. */
  const scatter = (start, { seconds }, perMinute, emit) => {
    for (let at = 0; perMinute > 0; ) {
      at += (-Math.log(1 - random()) * 60) / perMinute;
      if (at >= seconds) return;
      emit(start + at);
    }
  };
  const stroke = (user) => (at) => {
    const count = Math.round(between(STROKE_SECONDS) * PER_SECOND);
    // The loop does not depend on the rate, so that the same random numbers are drawn at every rate.
    const sent = (n) => Math.floor((n * perSecond) / PER_SECOND);
    for (let n = 0; n < count; n++) add(at + n / PER_SECOND, user, "cursor", sent(n + 1) - sent(n));
  };
  const ask = (user) => (at) => {
    add(at, user, "ask");
    add(at + between(GM_TAKES), GM, "answer");
  };

  let start = 0;
  for (let cycle = 0; cycle < 12; cycle++) {
    for (const phase of CYCLE) {
      for (let n = 0; n < (phase.scenes ?? 0); n++) add(start, GM, "scene");
      scatter(start, phase, phase.dice, (at) => add(at, Math.floor(random() * USERS), "dice"));
      for (let user = 0; user < USERS; user++) {
        scatter(start, phase, phase.strokes, stroke(user));
        if (user === GM) continue;
        scatter(start, phase, phase.tokens, (at) => add(at, user, "token"));
        scatter(start, phase, phase.asks, ask(user));
      }
      start += phase.seconds;
    }
  }
  const [first, end] = [from * 60_000, (from + minutes) * 60_000];
  const chosen = events.filter(({ at }) => at >= first && at < end).map((event) => ({ ...event, at: event.at - first }));
  return chosen.sort((a, b) => a.at - b.at);
}

/** Returns an argument of `bytes` bytes of JSON. */
export function payload(kind, bytes, number) {
  const value = { kind, number, x: 1234, y: 987, text: "" };
  value.text = "x".repeat(Math.max(0, bytes - JSON.stringify(value).length));
  return value;
}
