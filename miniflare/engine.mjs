// Engine.IO by hand: raw requests and raw WebSockets, so that a test says exactly what goes over the wire.

import assert from "node:assert/strict";
import WebSocket from "ws";
import { LIMIT_MS, Queue, until, within } from "./waiting.mjs";

/** What separates the packets of a payload. */
export const SEPARATOR = "\x1e";

/** The address of a gateway: `query` is appended to `EIO=4`, and `undefined` leaves a member out. */
export function address(origin, path, query) {
  const all = Object.entries({ EIO: 4, ...query }).filter(([, value]) => value !== undefined);
  return `${origin}${path}?${new URLSearchParams(all)}`;
}

/** One request with its answer read: `{ status, headers, body }`. */
export async function request(url, { method = "GET", body, headers, signal } = {}) {
  const signals = [AbortSignal.timeout(LIMIT_MS), ...(signal ? [signal] : [])];
  const response = await fetch(url, { method, body, headers, signal: AbortSignal.any(signals), duplex: "half" });
  return { status: response.status, headers: response.headers, body: await response.text() };
}

/** A refusal as engine.io words it: a number, a sentence, and nothing else. */
export function assertRefused({ status, headers, body }, code, wanted = 400) {
  assert.equal(status, wanted, body);
  assert.match(headers.get("content-type") ?? "", /^application\/json/);
  const refusal = JSON.parse(body);
  assert.deepEqual(Object.keys(refusal).sort(), ["code", "message"]);
  assert.equal(refusal.code, code, body);
  assert.ok(typeof refusal.message === "string" && refusal.message.length > 0, body);
}

/** An OPEN packet's members, which are exactly those of the protocol. */
export function readOpen(packet) {
  assert.equal(packet[0], "0", packet);
  const open = JSON.parse(packet.slice(1));
  assert.deepEqual(Object.keys(open).sort(), ["maxPayload", "pingInterval", "pingTimeout", "sid", "upgrades"]);
  assert.ok(typeof open.sid === "string" && open.sid.length > 0);
  return open;
}

/** A session that polls. */
export class Poller {
  /** Opens one at `path` of `origin`; `query` and `headers` go with every request of it. */
  static async open(origin, path = "/engine.io/", { query, headers } = {}) {
    const poller = new Poller(origin, path, query, headers);
    const answer = await poller.get();
    assert.equal(answer.status, 200, answer.body);
    poller.handshake = readOpen(answer.body);
    return poller;
  }

  constructor(origin, path, query, headers) {
    Object.assign(this, { origin, path, query, headers });
    this.handshake = undefined;
    this.packets = [];
  }

  get sid() {
    return this.handshake?.sid;
  }

  /** The session's address, now or at another path. */
  url(transport = "polling", query = {}) {
    return address(this.origin, this.path, { transport, sid: this.sid, ...this.query, ...query });
  }

  get(signal) {
    return request(this.url(), { headers: this.headers, signal });
  }

  post(body, headers) {
    return request(this.url(), { method: "POST", body, headers: { ...this.headers, ...headers } });
  }

  /** Posts packets that are to be taken. */
  async send(...packets) {
    const { status, body } = await this.post(packets.join(SEPARATOR));
    assert.deepEqual([status, body], [200, "ok"]);
  }

  /** The next packet, by as many GETs as it takes. Pings are answered and passed over. */
  async take() {
    for (;;) {
      while (this.packets.length) {
        const packet = this.packets.shift();
        if (packet !== "2") return packet;
        await this.send("3");
      }
      const { status, body } = await this.get();
      assert.equal(status, 200, body);
      this.packets.push(...body.split(SEPARATOR));
    }
  }

  /** The session is over: its id is unknown. */
  async assertGone() {
    assertRefused(await this.get(), 1);
  }

  /** A WebSocket that names this session, and has sent nothing yet. */
  webSocket(options) {
    return Wire.open(this.url("websocket").replace("http", "ws"), options);
  }

  /** Upgrades as clients do it. */
  async upgrade(options) {
    const wire = await this.webSocket(options);
    wire.send("2probe");
    assert.equal(await wire.take(), "3probe");
    wire.send("5");
    return wire;
  }
}

/** A raw WebSocket. What it receives is kept in order: text as strings, binary as Buffers. */
export class Wire {
  /**
   * Connects. With `pong` (the default) it answers pings as a client must, and neither they nor the noops that answer the
   * answers are seen by `take`.
   */
  static async open(url, { pong = true, headers } = {}) {
    const wire = new Wire(url, pong, headers);
    await within(wire.opened, `a WebSocket at ${url}`);
    return wire;
  }

  constructor(url, pong, headers) {
    // Without compression, so that what the server sends is what waits for a client that does not read.
    const options = { headers, perMessageDeflate: false };
    this.received = new Queue();
    this.pings = 0;
    this.ws = new WebSocket(url, options);
    /** What the answer to the upgrade says. */
    this.headers = undefined;
    this.ws.on("upgrade", ({ rawHeaders }) => {
      const pairs = rawHeaders.flatMap((name, place) => (place % 2 ? [] : [[name, rawHeaders[place + 1]]]));
      this.headers = new Headers(pairs);
    });
    this.opened = new Promise((resolve, reject) => this.ws.on("open", resolve).on("error", reject));
    this.opened.catch(() => {});
    this.closing = new Promise((resolve) => {
      this.ws.on("close", (code, reason) => {
        resolve({ code, reason: String(reason) });
        this.received.end(`the WebSocket was closed with ${code}`);
      });
    });
    this.ws.on("message", (data, binary) => {
      const frame = binary ? data : String(data);
      if (frame === "2") this.pings += 1;
      if (pong && frame === "2") this.ws.send("3");
      else if (!(pong && frame === "6")) this.received.push(frame);
    });
  }

  send(...frames) {
    for (const frame of frames) this.ws.send(frame);
  }

  /** The next frame. */
  take(what = "a frame") {
    return this.received.take(what);
  }

  /** The next frames, which must be these. */
  async expect(...frames) {
    for (const frame of frames) assert.deepEqual(await this.take(JSON.stringify(frame)), frame);
  }

  /**
   * Waits until the other side has closed, and gives with what. The close frame says so; the connection below may go later:
   * workerd 1.20261117 keeps it until the object sleeps when the close is the first frame that it ever got from the client.
   */
  async closed() {
    await until(() => this.ws.readyState > WebSocket.OPEN, "the WebSocket to be closed");
    this.ws.terminate();
    return within(this.closing, "the end of a closed WebSocket");
  }

  /** It is open and the world still answers on it, on a gateway that echoes. */
  async assertEchoes(text = "4still here") {
    this.send(text);
    assert.equal(await this.take("an echo"), text);
  }

  /** Closes it as a client does, and waits for the other side's answer. */
  async close() {
    this.ws.close();
    await within(this.closing, "the answer to a close");
  }
}

/** Opens a session on a WebSocket and gives it with its OPEN packet read. */
export async function openWebSocket(origin, path = "/engine.io/", { query, ...options } = {}) {
  const wire = await Wire.open(address(origin, path, { transport: "websocket", ...query }).replace("http", "ws"), options);
  wire.handshake = readOpen(await wire.take("OPEN"));
  return wire;
}

/** Asks for a WebSocket that is refused before it is one: the HTTP answer. */
export function refusedWebSocket(url, headers) {
  const ws = new WebSocket(url.replace("http", "ws"), { headers });
  const answer = new Promise((resolve, reject) => {
    ws.on("open", () => reject(new Error("the WebSocket was accepted")) || ws.terminate());
    ws.on("error", () => {}); // how `ws` reports the refusal, and the end of a request that is left
    ws.on("unexpected-response", (_, response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("end", () => {
        const body = String(Buffer.concat(chunks));
        resolve({ status: response.statusCode, headers: new Headers(response.headers), body });
        ws.terminate();
      });
    });
  });
  return within(answer, "a refusal");
}
