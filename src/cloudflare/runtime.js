// The runtime's own objects, as Rust sees them. What the runtime throws about one socket is caught here: one that is closing
// throws on `send`, and that must not cost the event that met it.

const slotOf = Symbol("dormouse.slot");
const watchOf = Symbol("dormouse.watch");
const largeOf = Symbol("dormouse.large");
const overOf = Symbol("dormouse.over");

const NONE = [];

/** The world's WebSockets, each in a slot whose number names it in Rust. */
export class Sockets {
  constructor(state, maxBufferedBytes, dropAfterMs, isDeserted) {
    this.state = state;
    this.max = maxBufferedBytes;
    // What a client of any speed has read by the time of the next packet, near enough.
    this.large = maxBufferedBytes / 4;
    this.dropAfter = dropAfterMs;
    this.isDeserted = isDeserted;
    this.list = [];
    this.free = [];
    // Newer than hibernation itself; without it a slow reader is found by nobody.
    this.measures = "bufferedAmount" in WebSocket.prototype;
  }

  /** Accepts a WebSocket so that it outlives the object's memory; gives its client's end. Its slot is the newest. */
  accept() {
    const { 0: client, 1: server } = new WebSocketPair();
    this.state.acceptWebSocket(server);
    this.newest = this.add(server);
    return client;
  }

  add(socket) {
    const slot = this.free.length > 0 ? this.free.pop() : this.list.length;
    this.list[slot] = socket;
    socket[slotOf] = slot;
    return slot;
  }

  /** The slot of a socket, or -1 when the world is done with it. */
  slot(socket) {
    return socket[slotOf] ?? -1;
  }

  remove(slot) {
    const socket = this.list[slot];
    if (socket === undefined) return;
    socket[slotOf] = undefined;
    this.list[slot] = undefined;
    this.free.push(slot);
  }

  /** Gives every socket that the runtime kept a slot, counting from 0, and gives their attachments in that order. */
  wake() {
    const attachments = [];
    for (const socket of this.state.getWebSockets()) {
      const attachment = socket.deserializeAttachment();
      if (typeof attachment === "string") {
        this.add(socket);
        attachments.push(attachment);
      } else {
        socket[slotOf] = undefined;
        close(socket, 1000);
      }
    }
    return attachments;
  }

  /** Whether a socket has too much unsent before a packet of so many bytes: a large one is nobody's slowness. */
  #measure(socket, bytes) {
    if (!this.measures) return false;
    const slow = this.#isSlow(socket);
    if (bytes > this.large) socket[largeOf] = bytes;
    return slow;
  }

  // The last large packet may still be on its way when the next one comes, however well its client reads.
  #isSlow(socket) {
    const unsent = socket.bufferedAmount;
    return unsent > this.max && unsent > this.max + (socket[largeOf] ?? 0);
  }

  /**
   * Sends a frame to one socket. With the first frame of a packet come the bytes of all of them, with the others 0; gives
   * whether the socket had too much unsent before the packet.
   */
  send(slot, frame, packet) {
    const socket = this.list[slot];
    if (socket === undefined) return false;
    const slow = packet > 0 && this.#measure(socket, packet);
    try {
      socket.send(frame);
    } catch {
      // It is closing; the runtime will say so.
    }
    return slow;
  }

  sendBytes(slot, bytes, packet) {
    return this.send(slot, bytes.slice(), packet);
  }

  /** Whether a socket has at most so much unsent; always, where that cannot be measured. */
  isReady(slot, unsent) {
    const socket = this.list[slot];
    return !this.measures || (socket !== undefined && socket.bufferedAmount <= unsent);
  }

  /** Those of the slots whose sockets are ready. */
  ready(slots, unsent) {
    return slots.filter((slot) => this.isReady(slot, unsent));
  }

  /** Sends a packet of one text frame and so many bytes to many; gives the slots that were slow, or undefined. */
  broadcast(slots, frame, bytes) {
    return this.#broadcast(slots, frame, NONE, bytes);
  }

  /** The same for a packet of several frames, each a text or bytes. */
  broadcastFrames(slots, [first, ...others], bytes) {
    return this.#broadcast(slots, first, others, bytes);
  }

  #broadcast(slots, first, others, bytes) {
    const { list, measures } = this;
    const isLarge = bytes > this.large;
    let slow;
    for (let i = 0; i < slots.length; i++) {
      const socket = list[slots[i]];
      if (socket === undefined) continue;
      if (measures && this.#isSlow(socket)) (slow ??= []).push(slots[i]);
      if (isLarge) socket[largeOf] = bytes;
      try {
        socket.send(first);
        for (let j = 0; j < others.length; j++) socket.send(others[j]);
      } catch {
        // It is closing; the runtime will say so.
      }
    }
    return slow;
  }

  /** Writes a snapshot; false when the runtime does not take it. */
  attach(slot, attachment) {
    try {
      this.list[slot]?.serializeAttachment(attachment);
      return true;
    } catch (error) {
      console.error("dormouse: a snapshot could not be written:", error);
      return false;
    }
  }

  /** Closes a socket. Its attachment `null` says that it must not come back to life. */
  close(slot, code) {
    const socket = this.list[slot];
    if (socket === undefined) return;
    try {
      socket.serializeAttachment(null);
    } catch {
      // It is gone already.
    }
    this.remove(slot);
    const hasUnsent = this.measures && socket.bufferedAmount > 0;
    close(socket, code);
    // Of one whose connection is over, nobody waits for anything: what was sent to it since then is never read.
    if (hasUnsent && !socket[overOf]) this.#watch(socket);
  }

  /**
   * A closed socket whose client does not read keeps its unsent bytes, and these keep the object awake until the client
   * reads on or its connection is lost: the runtime has no way to drop one socket. Where nobody else is in the world,
   * nobody is hurt by dropping them all.
   */
  #watch(socket) {
    socket[watchOf] = setTimeout(() => {
      if (socket.readyState === WebSocket.CLOSED || socket.bufferedAmount === 0) return;
      if (this.isDeserted()) {
        console.log("dormouse: the last client does not read; its connection is dropped so that the world can sleep");
        this.state.abort("the last client does not read");
      } else {
        this.#watch(socket);
      }
    }, this.dropAfter);
  }

  /** The slots in use. */
  slots() {
    return [...this.list.keys()].filter((slot) => this.list[slot] !== undefined);
  }

  /** The slots of the sockets whose pongs the runtime answered, in the order of heardTimes. */
  heardSlots() {
    return this.slots().filter((slot) => this.#lastPong(slot) !== undefined);
  }

  /** When it did so last. */
  heardTimes() {
    return this.slots().map((slot) => this.#lastPong(slot)).filter((at) => at !== undefined);
  }

  #lastPong(slot) {
    return this.state.getWebSocketAutoResponseTimestamp(this.list[slot])?.getTime();
  }
}

/** Closes a socket, or answers the peer's close. */
export function close(socket, code) {
  try {
    // These stand for frames that never were; they cannot be sent.
    socket.close([1004, 1005, 1006, 1015].includes(code) ? 1000 : code, "");
  } catch {
    // It is closed already.
  }
}

/** The peer closed a socket, or it broke: answers it, and watches it no longer. */
export function endSocket(socket, code) {
  socket[overOf] = true;
  clearTimeout(socket[watchOf]);
  close(socket, code);
}

/** For a heartbeat that wakes nobody: every socket's attachment and the time of its last pong, in turn. */
export function liveness(state) {
  const liveness = [];
  for (const socket of state.getWebSockets()) {
    const attachment = socket.deserializeAttachment();
    if (typeof attachment !== "string") continue;
    liveness.push(attachment, state.getWebSocketAutoResponseTimestamp(socket)?.getTime() ?? 0);
  }
  return liveness;
}

/** Pings every socket without knowing any. */
export function pingAll(state, ping) {
  for (const socket of state.getWebSockets()) {
    try {
      if (socket.deserializeAttachment() !== null) socket.send(ping);
    } catch {
      // It is closing.
    }
  }
}

const encoder = new TextEncoder();

/** A long text as UTF-8: the runtime's own encoder is faster than wasm-bindgen's loop over the characters. */
export function encode(text) {
  return encoder.encode(text);
}

export function worldName(state) {
  return state.id.name ?? state.id.toString();
}

/**
 * The client's end of a WebSocket that is closed as soon as it is open. Not one that hibernates: when the first frame of
 * such a one is the reply to our close, the runtime leaves its TCP connection open for as long as the object is awake.
 */
function openAndClose() {
  const { 0: client, 1: server } = new WebSocketPair();
  server.accept();
  server.close(1000, "");
  return client;
}

export function setAutoResponse(state, request, response) {
  state.setWebSocketAutoResponse(request === null ? undefined : new WebSocketRequestResponsePair(request, response));
}

export function setAlarm(state, at) {
  state.storage.setAlarm(at).catch((error) => console.error("dormouse: the alarm could not be set:", error));
}

export function deleteAlarm(state) {
  state.storage.deleteAlarm().catch((error) => console.error("dormouse: the alarm could not be deleted:", error));
}

/** The alarm's time, or null. */
export function findAlarm(state) {
  return state.storage.getAlarm();
}

// What does not fit into an attachment: a snapshot's body in parts from 0 on, long attachments of a packet that is not
// complete in parts from -1 down, each in at most so many rows.
const CHUNKS = 1024;

const TABLE = "CREATE TABLE IF NOT EXISTS spilled (sid TEXT, part INTEGER, body BLOB, PRIMARY KEY (sid, part)) WITHOUT ROWID";

export function writeBody(state, sid, rows) {
  const { sql } = state.storage;
  state.storage.transactionSync(() => {
    sql.exec(TABLE);
    sql.exec("DELETE FROM spilled WHERE sid = ? AND part >= 0", sid);
    rows.forEach((row, part) => sql.exec("INSERT INTO spilled VALUES (?, ?, ?)", sid, part, row));
  });
}

export function writePart(state, sid, place, bytes, rowBytes) {
  const { sql } = state.storage;
  sql.exec(TABLE);
  const last = Math.max(0, Math.ceil(bytes.length / rowBytes) - 1);
  state.storage.transactionSync(() => {
    for (let chunk = 0; chunk <= last; chunk++) {
      const row = bytes.slice(chunk * rowBytes, (chunk + 1) * rowBytes);
      sql.exec("INSERT OR REPLACE INTO spilled VALUES (?, ?, ?)", sid, -1 - (place * CHUNKS + chunk), row);
    }
  });
}

export function readBody(state, sid) {
  const rows = state.storage.sql.exec("SELECT body FROM spilled WHERE sid = ? AND part >= 0 ORDER BY part", sid).toArray();
  return rows.map((row) => new Uint8Array(row.body));
}

/** The long attachments of a session's packet, row by row in order: their places, and their bytes. */
export function readPartPlaces(state, sid) {
  return state.storage.sql.exec("SELECT part FROM spilled WHERE sid = ? AND part < 0 ORDER BY part DESC", sid).toArray()
    .map((row) => Math.floor((-1 - row.part) / CHUNKS));
}

export function readParts(state, sid) {
  return state.storage.sql.exec("SELECT body FROM spilled WHERE sid = ? AND part < 0 ORDER BY part DESC", sid).toArray()
    .map((row) => new Uint8Array(row.body));
}

export function deleteBody(state, sid) {
  state.storage.sql.exec("DELETE FROM spilled WHERE sid = ? AND part >= 0", sid);
}

export function deleteParts(state, sid) {
  state.storage.sql.exec("DELETE FROM spilled WHERE sid = ? AND part < 0", sid);
}

/** The sessions that have rows. */
export function spilledSids(state) {
  const { sql } = state.storage;
  if (sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'spilled'").toArray().length === 0) return [];
  return sql.exec("SELECT DISTINCT sid FROM spilled").toArray().map(({ sid }) => sid);
}

// What the app keeps, and the world's named alarms: texts by key.
const STORED = "CREATE TABLE IF NOT EXISTS stored (key TEXT PRIMARY KEY, text TEXT) WITHOUT ROWID";

const hasStored = ({ storage: { sql } }) =>
  sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'stored'").toArray().length > 0;

export function readStored(state, key) {
  if (!hasStored(state)) return undefined;
  return state.storage.sql.exec("SELECT text FROM stored WHERE key = ?", key).toArray()[0]?.text;
}

export function writeStored(state, key, text) {
  const { sql } = state.storage;
  if (text === undefined) {
    if (hasStored(state)) sql.exec("DELETE FROM stored WHERE key = ?", key);
    return;
  }
  sql.exec(STORED);
  sql.exec("INSERT OR REPLACE INTO stored VALUES (?, ?)", key, text);
}

export function storedKeys(state, prefix) {
  if (!hasStored(state)) return [];
  const { sql } = state.storage;
  const rows = sql.exec("SELECT key FROM stored WHERE substr(key, 1, length(?)) = ? ORDER BY key", prefix, prefix);
  return rows.toArray().map(({ key }) => key);
}

/** The headers of a response, names and values in turn. */
export function headersOf(response) {
  return [...response.headers].flat();
}

/** A request without its body, as lines: method, URL, and names and values of headers in turn. None has a line break in it. */
export function headOf(request) {
  let head = `${request.method}\n${request.url}`;
  for (const [name, value] of request.headers) head += `\n${name}\n${value}`;
  return head;
}

/** The same response with other headers. One of them that HTTP does not allow must not cost the response. */
export function replaceHeaders(response, headers) {
  const { status, webSocket } = response;
  const replaced = new Response(response.body, { status, ...(webSocket && { webSocket }) });
  for (let i = 0; i < headers.length; i += 2) {
    try {
      replaced.headers.append(headers[i], headers[i + 1]);
    } catch (error) {
      console.error(`dormouse: the header ${JSON.stringify(headers[i])} is left out: ${error.message}`);
    }
  }
  return replaced;
}

export function respondBytes(status, body, headers) {
  // A response of these statuses has no body, and the runtime throws at one.
  const response = new Response([204, 205, 304].includes(status) ? null : body.slice(), { status });
  for (let i = 0; i < headers.length; i += 2) {
    try {
      response.headers.append(headers[i], headers[i + 1]);
    } catch (error) {
      // What a handler said wrong must not cost its response.
      console.error(`dormouse: a response goes without the header ${headers[i]}:`, error);
    }
  }
  return response;
}

export function startTimer(milliseconds, callback) {
  return setTimeout(callback, milliseconds);
}

export function nextTick() {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

export function stopTimer(timer) {
  clearTimeout(timer);
}

/** A response; `headers` are names and values, in turn. */
export function respond(status, body, headers) {
  const response = new Response(body, { status });
  for (let i = 0; i < headers.length; i += 2) response.headers.set(headers[i], headers[i + 1]);
  return response;
}

/** The response that accepts a WebSocket; `headers` are names and values, in turn. */
export function switchProtocols(client, headers) {
  const response = new Response(null, { status: 101, webSocket: client });
  for (let i = 0; i < headers.length; i += 2) response.headers.set(headers[i], headers[i + 1]);
  return response;
}

/**
 * Reads a body of at most `max` bytes: the bytes, `true` when it is longer, `false` when it did not all come within
 * `patience` milliseconds, `undefined` when it broke off. A client that goes away in the middle is not always noticed
 * otherwise, and would keep the world awake.
 */
export async function readRequest(request, max, patience) {
  if (Number(request.headers.get("content-length")) > max) return true;
  if (request.body === null) return new Uint8Array();
  let body = new Uint8Array();
  let length = 0;
  let late = false;
  const reader = request.body.getReader();
  const timer = setTimeout(() => {
    late = true;
    reader.cancel().catch(() => {});
  }, patience);
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      if (length + value.byteLength > max) {
        reader.cancel().catch(() => {});
        return true;
      }
      body = append(body, length, value);
      length += value.byteLength;
    }
  } catch {
    return late ? false : undefined;
  } finally {
    clearTimeout(timer);
  }
  return late ? false : body.subarray(0, length);
}

/**
 * Bytes with others behind the first `length` of them, in place where there is room. A list of chunks, which may be of one byte
 * each, would take many times the memory of the body.
 */
function append(bytes, length, more) {
  if (length === 0) return more;
  let all = bytes;
  if (length + more.byteLength > bytes.byteLength) {
    all = new Uint8Array(Math.max(2 * bytes.byteLength, length + more.byteLength));
    all.set(bytes.subarray(0, length));
  }
  all.set(more, length);
  return all;
}

/** A Worker variable as text: a string as it is, another value as JSON, `undefined` where it is not set. */
export function variable(env, name) {
  const value = env[name];
  if (value === undefined || value === null) return undefined;
  return typeof value === "string" ? value : JSON.stringify(value);
}

/**
 * Hands a request to a world's object. Where the object says so, by the header `closeMark` of a 409, the client gets a WebSocket
 * that is closed as soon as it is open, with the `subprotocol` (a header's
 * name) that the object selected.
 */
export async function forward(env, binding, world, request, closeMark, subprotocol) {
  const namespace = env[binding];
  if (namespace === undefined) {
    throw new Error(`the Durable Object binding ${binding} is missing in wrangler.toml`);
  }
  const response = await namespace.getByName(world).fetch(request);
  const isMarked = response.status === 409 && response.headers.has(closeMark);
  if (!isMarked) return response;
  const selected = response.headers.get(subprotocol);
  return switchProtocols(openAndClose(), selected === null ? [] : [subprotocol, selected]);
}
