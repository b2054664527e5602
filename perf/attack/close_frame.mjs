// Finds the close frame in what a server sends on a WebSocket. The runtime keeps the connection open until its client answers the
// close, which a raw one does not: that the connection is open says nothing.

const CLOSE = 8;

export class CloseFrame {
  /** The code of the close frame, once it has come; 1005 if it has none. */
  code;
  // The bytes that are left of the frame's payload, and what is there of the head of the next one.
  #left = 0;
  #head = Buffer.alloc(0);
  #hasBegun = false;

  /** Takes what was received after the request. */
  take(data) {
    if (!this.#hasBegun) {
      const all = Buffer.concat([this.#head, data]);
      const end = all.indexOf("\r\n\r\n");
      this.#head = end < 0 ? all : Buffer.alloc(0);
      if (end < 0) return;
      this.#hasBegun = true;
      data = all.subarray(end + 4);
    }
    while (data.length > 0 && this.code === undefined) {
      const skipped = Math.min(this.#left, data.length);
      this.#left -= skipped;
      data = this.#left > 0 || skipped > 0 ? data.subarray(skipped) : this.#frame(Buffer.concat([this.#head, data]));
    }
  }

  /** Reads the head of a frame; returns what follows. Frames of a server are not masked (RFC 6455, section 5.2). */
  #frame(data) {
    const length = data[1] & 0x7f;
    const head = 2 + (length === 126 ? 2 : length === 127 ? 8 : 0);
    const isClose = (data[0] & 0x0f) === CLOSE;
    if (data.length < head + (isClose ? length : 0)) {
      this.#head = data;
      return Buffer.alloc(0);
    }
    this.#head = Buffer.alloc(0);
    if (isClose) this.code = length >= 2 ? data.readUInt16BE(head) : 1005;
    this.#left = length === 126 ? data.readUInt16BE(2) : length === 127 ? Number(data.readBigUInt64BE(2)) : length;
    return data.subarray(head);
  }
}
