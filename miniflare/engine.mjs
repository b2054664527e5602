// Engine.IO by hand: raw requests and raw WebSockets, so that a test controls every byte on the wire.

import assert from "node:assert/strict";
import WebSocket from "ws";
import { LIMIT_MS, Queue, until, within } from "./waiting.mjs";

/** The separator of the packets in a payload. */
export const SEPARATOR = "\x1e";

/** Returns the URL of a gateway: `query` is merged with `EIO=4`, and `undefined` leaves a parameter out. */
export function address(origin, path, query) {
  const all = Object.entries({ EIO: 4, ...query }).filter(([, value]) => value !== undefined);
  return `${origin}${path}?${new URLSearchParams(all)}`;
}

/** Sends a request and returns its response, with the body read: `{ status, headers, body }`. */
export async function request(url, { method = "GET", body, headers, signal } = {}) {
  const signals = [AbortSignal.timeout(LIMIT_MS), ...(signal ? [signal] : [])];
  const response = await fetch(url, { method, body, headers, signal: AbortSignal.any(signals), duplex: "half" });
  return { status: response.status, headers: response.headers, body: await response.text() };
}

/** Asserts a refusal in engine.io's form: JSON with `code` and `message`, and nothing else. */
export function assertRefused({ status, headers, body }, code, wanted = 400) {
  assert.equal(status, wanted, body);
  assert.match(headers.get("content-type") ?? "", /^application\/json/);
  assert.equal(headers.get("x-content-type-options"), "nosniff");
  const refusal = JSON.parse(body);
  assert.deepEqual(Object.keys(refusal).sort(), ["code", "message"]);
  assert.equal(refusal.code, code, body);
  assert.ok(typeof refusal.message === "string" && refusal.message.length > 0, body);
}

/** Returns an OPEN packet's members, and asserts that they are exactly those of the protocol. */
export function readOpen(packet) {
  assert.equal(packet[0], "0", packet);
  const open = JSON.parse(packet.slice(1));
  assert.deepEqual(Object.keys(open).sort(), ["maxPayload", "pingInterval", "pingTimeout", "sid", "upgrades"]);
  assert.ok(typeof open.sid === "string" && open.sid.length > 0);
  return open;
}

/** A session that polls. */
export class Poller {
  /** Opens a session at `path` of `origin`; `query` and `headers` go with its every request. */
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

  /** Returns the session's URL, for a transport and with further parameters. */
  url(transport = "polling", query = {}) {
    return address(this.origin, this.path, { transport, sid: this.sid, ...this.query, ...query });
  }

  get(signal) {
    return request(this.url(), { headers: this.headers, signal });
  }

  post(body, headers) {
    return request(this.url(), { method: "POST", body, headers: { ...this.headers, ...headers } });
  }

  /** Posts packets, and asserts that the server accepts them. */
  async send(...packets) {
    const { status, body } = await this.post(packets.join(SEPARATOR));
    assert.deepEqual([status, body], [200, "ok"]);
  }

  /** Returns the next packet, after as many GETs as it needs. Pings are answered and left out. */
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

  /** Asserts that the session is over: its id is unknown. */
  async assertGone() {
    assertRefused(await this.get(), 1);
  }

  /** Opens a WebSocket for this session, and sends nothing on it yet. */
  webSocket(options) {
    return Wire.open(this.url("websocket").replace("http", "ws"), options);
  }

  /** Upgrades the session as clients do. */
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
   * Connects. With `pong` (the default) it answers pings as a client must, and `take` returns neither the pings nor the noops
   * with which the server answers the pongs.
   */
  static async open(url, { pong = true, headers } = {}) {
    const wire = new Wire(url, pong, headers);
    await within(wire.opened, `a WebSocket at ${url}`);
    return wire;
  }

  constructor(url, pong, headers) {
    // Without compression, so that the bytes that wait for a client that does not read are those that the server sent.
    const options = { headers, perMessageDeflate: false };
    this.received = new Queue();
    this.pings = 0;
    this.ws = new WebSocket(url, options);
    /** The headers of the response to the upgrade. */
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

  /** Returns the next frame. */
  take(what = "a frame") {
    return this.received.take(what);
  }

  /** Asserts that these are the next frames. */
  async expect(...frames) {
    for (const frame of frames) assert.deepEqual(await this.take(JSON.stringify(frame)), frame);
  }

  /**
   * Waits until the server has closed the WebSocket, and returns the code and the reason. Does not wait for the end of the TCP
   * connection: if the close is the first frame from the client, workerd 1.20261117 keeps it until the object hibernates.
   */
  async closed() {
    await until(() => this.ws.readyState > WebSocket.OPEN, "the WebSocket to be closed");
    this.ws.terminate();
    return within(this.closing, "the end of a closed WebSocket");
  }

  /** Asserts that the WebSocket is open and that the world answers on it; for gateways that echo. */
  async assertEchoes(text = "4still here") {
    this.send(text);
    assert.equal(await this.take("an echo"), text);
  }

  /** Closes it as a client does, and waits for the server's close frame. */
  async close() {
    this.ws.close();
    await within(this.closing, "the answer to a close");
  }
}

/** Opens a session on a WebSocket, reads its OPEN packet into `handshake`, and returns it. */
export async function openWebSocket(origin, path = "/engine.io/", { query, ...options } = {}) {
  const wire = await Wire.open(address(origin, path, { transport: "websocket", ...query }).replace("http", "ws"), options);
  wire.handshake = readOpen(await wire.take("OPEN"));
  return wire;
}

/** Requests a WebSocket, asserts that the server refuses it, and returns the HTTP response. */
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
