// The bodies of requests. All worlds of an isolate share its memory, so the bodies that are being read have a bound together: each client
// that polls may send one, and need not end it.

import { drop } from "./runtime.js";

// The bodies that are being read in this isolate. They are of many objects, and none may use another one's stream: what an object does
// to the body of another is to take its bytes and to settle a promise, which is then handled in the other object.
const bodies = new Set();
let held = 0;

/** Returns the bytes of all bodies that are being read in this isolate. */
export function bytesOfBodies() {
  return held;
}

/** A body that is being read. */
class Body {
  /** `end` is called when it is lost. */
  constructor(end) {
    this.end = end;
  }

  bytes = new Uint8Array();
  length = 0;
  isLost = false;

  /** Appends bytes, which nobody uses after that. The body has at most `max`. */
  append(more, max) {
    const length = this.length + more.byteLength;
    if (this.length === 0) {
      this.#hold(more);
    } else {
      // A list of chunks, which may have one byte each, would take many times the memory of the body.
      if (length > this.bytes.byteLength) {
        const all = new Uint8Array(Math.max(Math.min(2 * this.bytes.byteLength, max), length));
        all.set(this.bytes.subarray(0, this.length));
        this.#hold(all);
      }
      this.bytes.set(more, this.length);
      drop(more);
    }
    this.length = length;
  }

  /** Returns all of it, and forgets it. */
  take() {
    const bytes = this.bytes.subarray(0, this.length);
    this.#hold(new Uint8Array(), false);
    return bytes;
  }

  /** Drops what has arrived. */
  lose() {
    this.isLost = true;
    this.#hold(new Uint8Array());
    this.end();
  }

  #hold(bytes, drops = true) {
    held += bytes.byteLength - this.bytes.byteLength;
    if (drops) drop(this.bytes);
    this.bytes = bytes;
  }
}

/**
 * Reads a body of at most `max` bytes. Returns the bytes, `true` if the body is longer, `false` if it did not arrive within
 * `timeout` milliseconds, `null` if it was the largest of all when those that the isolate reads had more than `most` bytes, and
 * `undefined` if the connection was lost. The runtime does not always notice that, and such a request would keep the world awake
 * without the timeout.
 */
export async function readRequest(request, max, timeout, most) {
  if (Number(request.headers.get("content-length")) > max) return true;
  if (request.body === null) return new Uint8Array();
  const reader = request.body.getReader();
  let timer, body;
  // Does not wait for the stream, which need not end when it is cancelled.
  const given = new Promise((resolve) => {
    timer = setTimeout(() => resolve(false), timeout);
    body = new Body(() => resolve(null));
  });
  bodies.add(body);
  try {
    const read = await Promise.race([readAll(reader, body, max, most), given]);
    if (!read) reader.cancel().catch(() => {});
    return read;
  } finally {
    clearTimeout(timer);
    bodies.delete(body);
    body.lose();
  }
}

/** Reads a stream to its end; returns what `readRequest` does. */
async function readAll(reader, body, max, most) {
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (body.isLost) return null;
      if (done) return body.take();
      if (body.length + value.byteLength > max) {
        reader.cancel().catch(() => {});
        return true;
      }
      body.append(value, max);
      loseLargest(most);
      if (body.isLost) return null;
    }
  } catch {
    return undefined;
  }
}

/** Loses the largest bodies until those that are left have `most` bytes, but not the last one. */
function loseLargest(most) {
  while (held > most && bodies.size > 1) {
    let [largest] = bodies;
    for (const body of bodies) if (body.bytes.byteLength > largest.bytes.byteLength) largest = body;
    bodies.delete(largest);
    largest.lose();
  }
}
