// The functions that Rust calls: WebSockets, the heartbeat, alarms, the database, and HTTP with its timers.
//
// Errors that concern one socket are caught here. For example, `send` throws on a socket that is closing, and that must not cost
// the event that is being handled.

// Facts about a WebSocket, stored on the socket itself: its slot, the timer that watches it after its close, the bytes of
// the last large packet that was sent to it, and whether its connection is over.
const slotOf = Symbol("dormouse.slot");
const watchOf = Symbol("dormouse.watch");
const largeOf = Symbol("dormouse.large");
const overOf = Symbol("dormouse.over");

const NO_FRAMES = [];

/** The WebSockets of a world. Each has a slot, whose number is its name in Rust (`ConnId`). */
export class Sockets {
  constructor(state, maxBufferedBytes, dropAfterMs, isDeserted) {
    this.state = state;
    this.max = maxBufferedBytes;
    // Only packets above this size are large: a client should have read a smaller one by the time of the next packet.
    this.large = maxBufferedBytes / 4;
    this.dropAfter = dropAfterMs;
    this.isDeserted = isDeserted;
    this.list = [];
    this.free = [];
    // Runtimes without `bufferedAmount` cannot find slow readers.
    this.measures = "bufferedAmount" in WebSocket.prototype;
  }

  /** Accepts a WebSocket that hibernates with the object; returns the client's end. Its slot is then `newest`. */
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

  /** Returns the slot of a socket; -1 if the world has closed it. */
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

  /**
   * Assigns slots from 0 on to the sockets that the runtime kept; returns their attachments in that order. A socket without one
   * was closed by the world, and is closed again.
   */
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

  /** Returns whether a socket has too many unsent bytes before a packet of `bytes` bytes; notes the packet if it is large. */
  #measure(socket, bytes) {
    if (!this.measures) return false;
    const slow = this.#isSlow(socket);
    if (bytes > this.large) socket[largeOf] = bytes;
    return slow;
  }

  // The last large packet does not count: it may still be in transit, even to a client that reads fast.
  #isSlow(socket) {
    const unsent = socket.bufferedAmount;
    return unsent > this.max && unsent > this.max + (socket[largeOf] ?? 0);
  }

  /**
   * Sends a frame to one socket; returns whether the socket had too many unsent bytes before the packet. `packet` is the size of
   * the whole packet in bytes for its first frame, and 0 for the other frames.
   */
  send(slot, frame, packet) {
    const socket = this.list[slot];
    if (socket === undefined) return false;
    const slow = packet > 0 && this.#measure(socket, packet);
    try {
      socket.send(frame);
    } catch {
      // The socket is closing; the runtime calls webSocketClose.
    }
    return slow;
  }

  // The bytes are a view of wasm's memory, which is valid during this call only: hence the copy.
  sendBytes(slot, bytes, packet) {
    return this.send(slot, bytes.slice(), packet);
  }

  /** Returns whether a socket has at most `unsent` bytes unsent; always true if the runtime cannot measure that. */
  isReady(slot, unsent) {
    const socket = this.list[slot];
    return !this.measures || (socket !== undefined && socket.bufferedAmount <= unsent);
  }

  /** Returns the slots whose sockets are ready. */
  ready(slots, unsent) {
    return slots.filter((slot) => this.isReady(slot, unsent));
  }

  /**
   * Sends a packet of one text frame to many sockets; returns the slots of those that were slow before it, or undefined if there
   * are none. `bytes` is the size of the packet.
   */
  broadcast(slots, frame, bytes) {
    return this.#broadcast(slots, frame, NO_FRAMES, bytes);
  }

  /** Does the same for a packet of several frames, each a text or bytes. */
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
        // The socket is closing; the runtime calls webSocketClose.
      }
    }
    return slow;
  }

  /** Writes the attachment of a socket; returns false if the runtime refuses it. */
  attach(slot, attachment) {
    try {
      this.list[slot]?.serializeAttachment(attachment);
      return true;
    } catch (error) {
      console.error("dormouse: a snapshot could not be written:", error);
      return false;
    }
  }

  /** Closes a socket and frees its slot. The attachment `null` marks it as closed for the next wake. */
  close(slot, code) {
    const socket = this.list[slot];
    if (socket === undefined) return;
    try {
      socket.serializeAttachment(null);
    } catch {
      // The connection is lost already.
    }
    this.remove(slot);
    const hasUnsent = this.measures && socket.bufferedAmount > 0;
    close(socket, code);
    // If the connection is over, the unsent bytes are dropped with it.
    if (hasUnsent && !socket[overOf]) this.#watch(socket);
  }

  /**
   * Watches a closed socket that has unsent bytes. While its client does not read, these keep the object awake, and the runtime
   * has no way to drop a single socket. If the world has no session, the object aborts, which drops the socket and affects no
   * client.
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

  /** Returns the slots in use. */
  slots() {
    return [...this.list.keys()].filter((slot) => this.list[slot] !== undefined);
  }

  /** Returns the slots of the sockets whose pongs the runtime answered, in the order of `pongTimes`. */
  pongSlots() {
    return this.slots().filter((slot) => this.#lastPong(slot) !== undefined);
  }

  /** Returns the times of their last pongs, in milliseconds. */
  pongTimes() {
    return this.slots().map((slot) => this.#lastPong(slot)).filter((at) => at !== undefined);
  }

  #lastPong(slot) {
    return this.state.getWebSocketAutoResponseTimestamp(this.list[slot])?.getTime();
  }
}

/** Closes a socket, or answers the close of its peer. */
export function close(socket, code) {
  try {
    // These four codes stand for closes without a code of the peer; a close frame cannot carry them.
    socket.close([1004, 1005, 1006, 1015].includes(code) ? 1000 : code, "");
  } catch {
    // The socket is closed already.
  }
}

/** Handles the end of a socket, which its peer closed or which failed: answers the close, and ends the watch. */
export function endSocket(socket, code) {
  socket[overOf] = true;
  clearTimeout(socket[watchOf]);
  close(socket, code);
}

/** Returns the attachment of every socket and the time of its last pong, in turn; 0 without a pong. Assigns no slots. */
export function liveness(state) {
  const liveness = [];
  for (const socket of state.getWebSockets()) {
    const attachment = socket.deserializeAttachment();
    if (typeof attachment !== "string") continue;
    liveness.push(attachment, state.getWebSocketAutoResponseTimestamp(socket)?.getTime() ?? 0);
  }
  return liveness;
}

/** Pings every socket that the world has not closed. */
export function pingAll(state, ping) {
  for (const socket of state.getWebSockets()) {
    try {
      if (socket.deserializeAttachment() !== null) socket.send(ping);
    } catch {
      // The socket is closing.
    }
  }
}

const encoder = new TextEncoder();

/** Encodes a long text as UTF-8: this is faster than wasm-bindgen's loop over the characters. */
export function encode(text) {
  return encoder.encode(text);
}

/** Returns the name of the world; the object's id, if it has none. */
export function worldName(state) {
  return state.id.name ?? state.id.toString();
}

/**
 * Opens a WebSocket and closes it at once; returns the client's end. It does not hibernate: if the first frame of a hibernating
 * WebSocket is the reply to our close, the runtime keeps its TCP connection open for as long as the object is awake.
 */
function openAndClose() {
  const { 0: client, 1: server } = new WebSocketPair();
  server.accept();
  server.close(1000, "");
  return client;
}

/** Sets the frame that the runtime answers by itself, and its answer; `null` for none. */
export function setAutoResponse(state, request, response) {
  state.setWebSocketAutoResponse(request === null ? undefined : new WebSocketRequestResponsePair(request, response));
}

/** Sets the object's alarm, without waiting for the storage. */
export function setAlarm(state, at) {
  state.storage.setAlarm(at).catch((error) => console.error("dormouse: the alarm could not be set:", error));
}

export function deleteAlarm(state) {
  state.storage.deleteAlarm().catch((error) => console.error("dormouse: the alarm could not be deleted:", error));
}

/** Returns a promise of the alarm's time in milliseconds; of null if it is not set. */
export function findAlarm(state) {
  return state.storage.getAlarm();
}

// The table of what does not fit into the attachments of sockets. Rows with parts from 0 on are the body of a session's snapshot.
// Rows with parts from -1 down are the long attachments of its unfinished packet, each of which may have up to CHUNKS rows.
const CHUNKS = 1024;

const TABLE = "CREATE TABLE IF NOT EXISTS spilled (sid TEXT, part INTEGER, body BLOB, PRIMARY KEY (sid, part)) WITHOUT ROWID";

/** Writes the body of a session's snapshot in place of the last one. */
export function writeBody(state, sid, rows) {
  const { sql } = state.storage;
  state.storage.transactionSync(() => {
    sql.exec(TABLE);
    sql.exec("DELETE FROM spilled WHERE sid = ? AND part >= 0", sid);
    rows.forEach((row, part) => sql.exec("INSERT INTO spilled VALUES (?, ?, ?)", sid, part, row));
  });
}

/** Writes one attachment of an unfinished packet, in rows of at most `rowBytes`. */
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

/** Returns the rows of the body of a session's snapshot, in order. */
export function readBody(state, sid) {
  const rows = state.storage.sql.exec("SELECT body FROM spilled WHERE sid = ? AND part >= 0 ORDER BY part", sid).toArray();
  return rows.map((row) => new Uint8Array(row.body));
}

/** Returns the places of the long attachments of a session's packet: one for each row of `readParts`, in the same order. */
export function readPartPlaces(state, sid) {
  return state.storage.sql.exec("SELECT part FROM spilled WHERE sid = ? AND part < 0 ORDER BY part DESC", sid).toArray()
    .map((row) => Math.floor((-1 - row.part) / CHUNKS));
}

/** Returns the rows of the long attachments of a session's packet, in order. */
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

/** Returns the ids of the sessions that have rows. */
export function spilledSids(state) {
  const { sql } = state.storage;
  if (sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'spilled'").toArray().length === 0) return [];
  return sql.exec("SELECT DISTINCT sid FROM spilled").toArray().map(({ sid }) => sid);
}

// The table of what the app stores and of the world's named alarms: texts by key.
const STORED = "CREATE TABLE IF NOT EXISTS stored (key TEXT PRIMARY KEY, text TEXT) WITHOUT ROWID";

const hasStored = ({ storage: { sql } }) =>
  sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'stored'").toArray().length > 0;

export function readStored(state, key) {
  if (!hasStored(state)) return undefined;
  return state.storage.sql.exec("SELECT text FROM stored WHERE key = ?", key).toArray()[0]?.text;
}

/** Writes a text; deletes the key if the text is undefined. */
export function writeStored(state, key, text) {
  const { sql } = state.storage;
  if (text === undefined) {
    if (hasStored(state)) sql.exec("DELETE FROM stored WHERE key = ?", key);
    return;
  }
  sql.exec(STORED);
  sql.exec("INSERT OR REPLACE INTO stored VALUES (?, ?)", key, text);
}

/** Returns the keys that start with `prefix`, in order. */
export function storedKeys(state, prefix) {
  if (!hasStored(state)) return [];
  const { sql } = state.storage;
  const rows = sql.exec("SELECT key FROM stored WHERE substr(key, 1, length(?)) = ? ORDER BY key", prefix, prefix);
  return rows.toArray().map(({ key }) => key);
}

/** Returns the headers of a response: names and values, in turn. */
export function headersOf(response) {
  return [...response.headers].flat();
}

/**
 * Returns a request without its body, as lines: method, URL, and names and values of headers, in turn. The runtime allows no line
 * break in any of them. One string, because each call between wasm and JavaScript costs more than its bytes.
 */
export function headOf(request) {
  let head = `${request.method}\n${request.url}`;
  for (const [name, value] of request.headers) head += `\n${name}\n${value}`;
  return head;
}

/** Returns the same response with other headers, without those that HTTP does not allow. */
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

/**
 * Returns a response with a body of bytes; `headers` are names and values, in turn. Headers that HTTP does not allow are left out
 * and logged.
 */
export function respondBytes(status, body, headers) {
  // The runtime throws if a response with one of these statuses has a body. The bytes are copied, because they are a view of
  // wasm's memory.
  const response = new Response([204, 205, 304].includes(status) ? null : body.slice(), { status });
  for (let i = 0; i < headers.length; i += 2) {
    try {
      response.headers.append(headers[i], headers[i + 1]);
    } catch (error) {
      console.error(`dormouse: a response goes without the header ${headers[i]}:`, error);
    }
  }
  return response;
}

export function startTimer(milliseconds, callback) {
  return setTimeout(callback, milliseconds);
}

/** Returns a promise that resolves after the other events that are due. */
export function nextTick() {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

export function stopTimer(timer) {
  clearTimeout(timer);
}

/** Returns a response; `headers` are names and values, in turn. */
export function respond(status, body, headers) {
  const response = new Response(body, { status });
  for (let i = 0; i < headers.length; i += 2) response.headers.set(headers[i], headers[i + 1]);
  return response;
}

/** Returns the response that accepts a WebSocket; `headers` are names and values, in turn. */
export function switchProtocols(client, headers) {
  const response = new Response(null, { status: 101, webSocket: client });
  for (let i = 0; i < headers.length; i += 2) response.headers.set(headers[i], headers[i + 1]);
  return response;
}

/**
 * Reads a body of at most `max` bytes. Returns the bytes, `true` if the body is longer, `false` if it did not arrive within
 * `timeout` milliseconds, and `undefined` if the connection was lost. The runtime does not always notice that, and such a request
 * would keep the world awake without the timeout.
 */
export async function readRequest(request, max, timeout) {
  if (Number(request.headers.get("content-length")) > max) return true;
  if (request.body === null) return new Uint8Array();
  let body = new Uint8Array();
  let length = 0;
  let late = false;
  const reader = request.body.getReader();
  const timer = setTimeout(() => {
    late = true;
    reader.cancel().catch(() => {});
  }, timeout);
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
 * Appends bytes to the first `length` of others, in place if there is room. A list of chunks, which may have one byte each, would
 * take many times the memory of the body.
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

/** Returns a Worker variable: a string as it is, another value as JSON, `undefined` if it is not set. */
export function variable(env, name) {
  const value = env[name];
  if (value === undefined || value === null) return undefined;
  return typeof value === "string" ? value : JSON.stringify(value);
}

/**
 * Forwards a request to the object of a world. If the object responds with a 409 that has the header `closeMark`, the client gets
 * a WebSocket that is closed as soon as it is open, with the subprotocol that the object selected in the header named
 * `subprotocol`.
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
