// What waits for the clients of WebSockets.

/** What waits for a client that reads its WebSocket: decides whether it is slow. The rule is that of the trait `Platform`. */
export class Backlog {
  // Frames are sent in order, so the unsent bytes are those that were queued last. Frames are counted in two generations: when
  // all that is unsent is newer, the older ones are gone. So these are never fewer than the unsent frames.
  older = 0;
  newer = 0;
  newerBytes = 0;
  // The unsent bytes after the last packet, if the client has read nothing since; and since when it has not got on.
  expected = 0;
  since = 0;

  /** Counts a packet; returns what the unsent frames before it cost. */
  add(unsent, bytes, frames, overhead) {
    if (unsent <= this.newerBytes) {
      // A client that reads as fast as others send comes here, and mostly has nothing to forget.
      if (unsent === 0 && this.newer === 0) return 0;
      this.older = unsent === 0 ? 0 : this.newer;
      this.newer = 0;
      this.newerBytes = 0;
    }
    const cost = this.cost(unsent, overhead);
    if (unsent > 0) {
      this.newer += frames;
      this.newerBytes += bytes;
    }
    return cost;
  }

  /** Returns whether the client was slow before a packet that is counted. `cost` is that of the unsent frames before it. */
  isSlow(cost, unsent, bytes, { fine, most, slowAfter }) {
    if (cost <= fine) {
      this.since = 0;
      return false;
    }
    const now = Date.now();
    if (this.since === 0 || unsent < this.expected) this.since = now;
    this.expected = unsent + bytes;
    return cost > most || now - this.since >= slowAfter;
  }

  /** Returns what the unsent frames cost, in bytes. Each has a byte or more. */
  cost(unsent, overhead) {
    return unsent + Math.min(this.older + this.newer, unsent) * overhead;
  }
}

/** Returns what the sender of a packet is charged, in bytes. The rule is that of `ReaderBounds::queued`. */
export function queued(waiting, packet, { nearly, step }) {
  const above = Math.max(waiting + packet - nearly, 0);
  return packet * (1 + Math.floor(above / step));
}
