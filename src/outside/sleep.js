// Timers of handlers.

/** A timer. Its promise resolves when the time is over, or when the timer is ended, because nobody waits for it any more. */
export class Timer {
  constructor(milliseconds) {
    this.over = new Promise((resolve) => {
      this.resolve = resolve;
      this.timer = setTimeout(resolve, milliseconds);
    });
  }

  end() {
    clearTimeout(this.timer);
    this.resolve();
  }
}
