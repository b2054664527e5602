// Raw connections: HTTP and WebSocket by hand, so that a client can stop, close or send nonsense at every byte.

import { connect } from "node:net";
import { CloseFrame } from "./close_frame.mjs";

/** A connection whose errors are ignored: those of a client that misbehaves are to be expected. */
export class Raw {
  constructor({ hostname, port, host }) {
    this.host = host;
    this.received = "";
    this.isOpen = true;
    this.socket = connect(Number(port), hostname);
    this.socket.on("error", () => {});
    // One character a byte. Only the beginning is of interest.
    this.socket.on("data", (data) => {
      if (this.received.length < 100_000) this.received += data.toString("latin1");
      this.closeFrame?.take(data);
      this.wake?.();
    });
    this.closed = new Promise((resolve) =>
      this.socket.on("close", () => {
        this.isOpen = false;
        this.wake?.();
        resolve();
      }),
    );
  }

  /** Whether the server has closed the WebSocket, or the connection is over. */
  get isClosed() {
    return !this.isOpen || this.closeFrame?.code !== undefined;
  }

  /** What the connection is like, and what it was sent last, for a report. */
  get last() {
    return `${this.isOpen ? "open" : "ended"}, the last bytes are ${JSON.stringify(this.received.slice(-200))}`;
  }

  write(data) {
    if (this.socket.writable) this.socket.write(data);
  }

  /** Writes a request; with `body`, as many of its bytes as are given are promised, or `length` of them. */
  request(method, path, { headers = {}, body, length, chunked = false } = {}) {
    const lines = [`${method} ${path} HTTP/1.1`, `host: ${this.host}`];
    for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
    if (chunked) lines.push("transfer-encoding: chunked");
    else if (body !== undefined) lines.push(`content-length: ${length ?? Buffer.byteLength(body)}`);
    this.write(`${lines.join("\r\n")}\r\n\r\n`);
    if (chunked && body) this.write(`${Buffer.byteLength(body).toString(16)}\r\n${body}\r\n`);
    else if (body) this.write(body);
  }

  /** Writes the request that opens a WebSocket. */
  upgrade(path, headers = {}) {
    this.closeFrame = new CloseFrame();
    this.request("GET", path, {
      headers: { connection: "Upgrade", upgrade: "websocket", "sec-websocket-version": "13", "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==", ...headers },
    });
  }

  /** Writes a frame of a WebSocket, masked with zeros, as clients must mask. */
  frame(data, { opcode = 1, isLast = true } = {}) {
    const bytes = Buffer.from(data);
    const head = [(isLast ? 0x80 : 0) | opcode];
    if (bytes.length < 126) head.push(0x80 | bytes.length);
    else if (bytes.length < 65_536) head.push(0x80 | 126, bytes.length >> 8, bytes.length & 255);
    else head.push(0x80 | 127, 0, 0, 0, 0, ...[24, 16, 8, 0].map((shift) => (bytes.length >>> shift) & 255));
    this.write(Buffer.concat([Buffer.from([...head, 0, 0, 0, 0]), bytes]));
  }

  /** Waits until a pattern was received; returns the match, or null if the connection ended or the time is up. */
  async match(pattern, ms) {
    const end = Date.now() + ms;
    for (;;) {
      const found = pattern.exec(this.received);
      if (found || !this.isOpen || Date.now() >= end) return found;
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, end - Date.now());
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  destroy() {
    this.socket.destroy();
  }
}
