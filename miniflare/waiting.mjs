// Waiting with an end. A test waits until something is so, never for a time in which it ought to become so, and fails with
// what it waited for when that does not happen.

import { setTimeout as sleep } from "node:timers/promises";

/** The end of every wait. Far longer than anything takes; it is only ever reached by what never happens. */
export const LIMIT_MS = 30_000;

/** The promise's value; fails with `what` when it does not settle. */
export async function within(promise, what, limit = LIMIT_MS) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${limit / 1000} s for ${what}`)), limit);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Asks again and again until the answer is truthy, and gives it; `what` may be a function, called when it never is. */
export async function until(condition, what, limit = LIMIT_MS) {
  const end = Date.now() + limit;
  for (;;) {
    const answer = await condition();
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`waited ${limit / 1000} s for ${typeof what === "function" ? what() : what}`);
    await sleep(20);
  }
}

/** What arrives, in order, and whoever waits for it. */
export class Queue {
  #items = [];
  #waiting = [];
  #end;

  push(item) {
    const next = this.#waiting.shift();
    if (next) next.resolve(item);
    else this.#items.push(item);
  }

  /** Nothing more will come, and why: whoever waits, or will, gets an error that says so. */
  end(why) {
    this.#end = why;
    for (const { reject, what } of this.#waiting.splice(0)) reject(new Error(`waited for ${what}, but ${why}`));
  }

  /** The next item, waiting for it if need be. */
  take(what = "the next item") {
    if (this.#items.length) return Promise.resolve(this.#items.shift());
    if (this.#end) return Promise.reject(new Error(`waited for ${what}, but ${this.#end}`));
    return within(new Promise((resolve, reject) => this.#waiting.push({ resolve, reject, what })), what);
  }

  /** What is here already and was not taken. */
  get rest() {
    return [...this.#items];
  }
}
