// Work that is asked for again and again, such as a build after each save, done once at a time.

export class Loop {
  #work;
  #quietMs;
  #asked = new Set();
  #running;
  #timer;

  /** `work` is called with the set of what was asked for. `quietMs`: how long nothing must have been asked for before that. */
  constructor(work, { quietMs = 0 } = {}) {
    this.#work = work;
    this.#quietMs = quietMs;
  }

  /** Asks for work. While some is under way, all that is asked for is done once, after it. */
  ask(what) {
    this.#asked.add(what);
    if (!this.#running) this.#wait();
  }

  /** Does other work first: what is asked for during it is done after it. */
  async first(work) {
    this.#running = work();
    try {
      return await this.#running;
    } finally {
      this.#running = undefined;
      if (this.#asked.size) this.#wait();
    }
  }

  /** Resolves when nothing is under way. What is asked for from now on is not done. */
  async end() {
    clearTimeout(this.#timer);
    this.ask = () => {};
    this.#asked.clear();
    await this.#running;
  }

  #wait() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => (this.#running = this.#run()), this.#quietMs);
  }

  async #run() {
    const asked = this.#asked;
    this.#asked = new Set();
    try {
      await this.#work(asked);
    } finally {
      this.#running = undefined;
      if (this.#asked.size) this.#wait();
    }
  }
}
