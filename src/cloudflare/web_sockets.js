// The WebSockets of a world. Errors that concern one socket are caught here. For example, `send` throws on a socket that is closing,
// and that must not cost the event that is being handled.

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

  /**
   * Returns how many sockets the world has closed that are not over, and the unsent bytes of all sockets. A socket whose client broke
   * the protocol may stay in the list with its bytes, but holds nothing.
   */
  unfinished() {
    const sockets = this.state.getWebSockets().filter((socket) => socket.readyState !== WebSocket.CLOSED);
    const closing = sockets.filter((socket) => socket[slotOf] === undefined).length;
    return [closing, sockets.reduce((unsent, socket) => unsent + (socket.bufferedAmount ?? 0), 0)];
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
