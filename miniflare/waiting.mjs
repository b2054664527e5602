// Waiting with a timeout. A test waits for a condition, not for a time after which it is probably true; on timeout, the error
// names what it waited for.

import { setTimeout as sleep } from "node:timers/promises";

/** The default timeout. It is far longer than anything takes, so that only what never happens reaches it. */
export const LIMIT_MS = 30_000;

/** Returns the promise's value; fails with `what` if it does not settle in time. */
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

/** Polls the condition until it is truthy, and returns its value; `what` may be a function, which is called on timeout. */
export async function until(condition, what, limit = LIMIT_MS) {
  const end = Date.now() + limit;
  for (;;) {
    const answer = await condition();
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`waited ${limit / 1000} s for ${typeof what === "function" ? what() : what}`);
    await sleep(20);
  }
}

/** A queue of items in order of arrival, and of the callers that wait for one. */
export class Queue {
  #items = [];
  #waiting = [];
  #end;

  push(item) {
    const next = this.#waiting.shift();
    if (next) next.resolve(item);
    else this.#items.push(item);
  }

  /** Ends the queue: every pending `take`, and every later one of the empty queue, fails with this reason. */
  end(why) {
    this.#end = why;
    for (const { reject, what } of this.#waiting.splice(0)) reject(new Error(`waited for ${what}, but ${why}`));
  }

  /** Returns the next item, or waits for it. */
  take(what = "the next item") {
    if (this.#items.length) return Promise.resolve(this.#items.shift());
    if (this.#end) return Promise.reject(new Error(`waited for ${what}, but ${this.#end}`));
    return within(new Promise((resolve, reject) => this.#waiting.push({ resolve, reject, what })), what);
  }

  /** The items that arrived and were not taken. */
  get rest() {
    return [...this.#items];
  }
}
