// The runtime's own objects, as the object's Rust sees them. Everything here catches what the runtime throws: a socket
// that is closing throws on `send`, and a thrown error must not cost the event that met it.

const slotOf = Symbol("dormouse.slot");

const TRY_AGAIN_LATER = 1013;

/** The world's WebSockets, each in a slot whose number names it in Rust. */
export class Sockets {
  constructor(state, maxBufferedBytes, dropAfterMs) {
    this.state = state;
    this.max = maxBufferedBytes;
    this.dropAfter = dropAfterMs;
    this.list = [];
    this.free = [];
    // Newer than hibernation itself; without it a slow reader is found by nobody.
    this.measures = "bufferedAmount" in WebSocket.prototype;
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

  /** Sends a frame to one socket; true when it has too much unsent. */
  send(slot, frame) {
    const socket = this.list[slot];
    if (socket === undefined) return false;
    try {
      socket.send(frame);
    } catch {
      return false;
    }
    return this.measures && socket.bufferedAmount > this.max;
  }

  /** Sends a frame to many; gives the slots of those that have too much unsent, or undefined when none has. */
  broadcast(slots, frame) {
    const { list, max, measures } = this;
    let slow;
    for (let i = 0; i < slots.length; i++) {
      const socket = list[slots[i]];
      if (socket === undefined) continue;
      try {
        socket.send(frame);
      } catch {
        continue;
      }
      if (measures && socket.bufferedAmount > max) (slow ??= []).push(slots[i]);
    }
    return slow;
  }

  sendBytes(slot, bytes) {
    return this.send(slot, bytes.slice());
  }

  // The view is wasm memory, which the next call may move; one copy serves every recipient.
  broadcastBytes(slots, bytes) {
    return this.broadcast(slots, bytes.slice());
  }

  /** Writes a snapshot. A closed world's socket has none: `null` says that it must not come back to life. */
  attach(slot, attachment) {
    try {
      this.list[slot]?.serializeAttachment(attachment);
    } catch (error) {
      console.error("dormouse: a snapshot could not be written:", error);
      this.close(slot, 1011);
    }
  }

  close(slot, code) {
    const socket = this.list[slot];
    if (socket === undefined) return;
    try {
      socket.serializeAttachment(null);
    } catch {
      // It is gone already.
    }
    this.remove(slot);
    close(socket, code);
    if (code === TRY_AGAIN_LATER) this.#watch(socket);
  }

  /**
   * A closed socket whose client does not read keeps its unsent bytes, and these keep the object awake until the client
   * reads on or its connection is lost: the runtime has no way to drop one socket. Where nobody else is in the world,
   * nobody is hurt by dropping them all.
   */
  #watch(socket) {
    if (!this.measures) return;
    setTimeout(() => {
      if (socket.readyState === WebSocket.CLOSED || socket.bufferedAmount === 0) return;
      if (this.list.every((other) => other === undefined)) {
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
    return this.slots().filter((slot) => this.#heard(slot) !== undefined);
  }

  /** When it did so last. */
  heardTimes() {
    return this.slots().map((slot) => this.#heard(slot)).filter((at) => at !== undefined);
  }

  #heard(slot) {
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

/** For a heartbeat that wakes nobody: every socket's attachment and when it was heard, in turn. */
export function pulses(state) {
  const pulses = [];
  for (const socket of state.getWebSockets()) {
    const attachment = socket.deserializeAttachment();
    if (typeof attachment !== "string") continue;
    pulses.push(attachment, state.getWebSocketAutoResponseTimestamp(socket)?.getTime() ?? 0);
  }
  return pulses;
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

export function worldName(state) {
  return state.id.name ?? state.id.toString();
}

/** Accepts a WebSocket so that it outlives the object's memory; gives both ends. */
export function acceptWebSocket(state) {
  const [client, server] = Object.values(new WebSocketPair());
  state.acceptWebSocket(server);
  return [client, server];
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

export function writeSpill(state, sid, rows) {
  const sql = state.storage.sql;
  sql.exec("CREATE TABLE IF NOT EXISTS spilled (sid TEXT, part INTEGER, body BLOB, PRIMARY KEY (sid, part)) WITHOUT ROWID");
  sql.exec("DELETE FROM spilled WHERE sid = ?", sid);
  rows.forEach((row, part) => sql.exec("INSERT INTO spilled VALUES (?, ?, ?)", sid, part, row));
}

export function readSpill(state, sid) {
  const rows = state.storage.sql.exec("SELECT body FROM spilled WHERE sid = ? ORDER BY part", sid).toArray();
  return rows.map((row) => new Uint8Array(row.body));
}

export function deleteSpill(state, sid) {
  state.storage.sql.exec("DELETE FROM spilled WHERE sid = ?", sid);
}

export function startTimer(milliseconds, callback) {
  return setTimeout(callback, milliseconds);
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

export function switchProtocols(client) {
  return new Response(null, { status: 101, webSocket: client });
}

export function header(request, name) {
  return request.headers.get(name) ?? undefined;
}

/**
 * Reads a body of at most `max` bytes: the bytes, `true` when it is longer, `undefined` when it did not all come within
 * `patience` milliseconds. A client that goes away in the middle is not noticed otherwise, and would keep the world awake.
 */
export async function readBody(request, max, patience) {
  if (Number(request.headers.get("content-length")) > max) return true;
  if (request.body === null) return new Uint8Array();
  const chunks = [];
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
      length += value.byteLength;
      if (length > max) {
        reader.cancel().catch(() => {});
        return true;
      }
      chunks.push(value);
    }
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
  }
  if (late) return undefined;
  const body = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    body.set(chunk, at);
    at += chunk.byteLength;
  }
  return body;
}

/** A Worker variable as text: a string as it is, another value as JSON, `undefined` where it is not set. */
export function variable(env, name) {
  const value = env[name];
  if (value === undefined || value === null) return undefined;
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Hands a request to a world's object. */
export function forward(env, binding, world, request) {
  const namespace = env[binding];
  if (namespace === undefined) {
    throw new Error(`the Durable Object binding ${binding} is missing in wrangler.toml`);
  }
  return namespace.get(namespace.idFromName(world)).fetch(request);
}
