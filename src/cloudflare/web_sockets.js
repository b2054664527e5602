// The WebSockets of a world. Errors that concern one socket are caught here. For example, `send` throws on a socket that is closing,
// and that must not cost the event that is being handled.

import { note, noteWake } from "./aborts.js";
import { bytesOfBodies } from "./bodies.js";
import { log } from "./log.js";
import { drop, textOf, worldName } from "./runtime.js";

// Facts about a WebSocket, stored on the socket itself: its slot, the timer that watches it after its close, and whether its
// connection is over; until its first event, the client's end.
const slotOf = Symbol("dormouse.slot");
const clientOf = Symbol("dormouse.client");
const watchOf = Symbol("dormouse.watch");
const overOf = Symbol("dormouse.over");

const NONE = [];
const MAX_U32 = 2 ** 32 - 1;

/** The WebSockets of a world. Each has a slot, whose number is its name in Rust (`ConnId`). */
export class Sockets {
  constructor(state, fine, most, overhead, queuedFrom, nearly, step, slowAfterMs, dropAfterMs, retryAfterMs, isDeserted) {
    this.state = state;
    this.bounds = { fine, most, overhead, queuedFrom, nearly, step, slowAfter: slowAfterMs };
    // What the sender of the packet that is being sent is charged, in bytes.
    this.queued = 0;
    this.dropAfter = dropAfterMs;
    this.retryAfter = retryAfterMs;
    this.isDeserted = isDeserted;
    this.list = [];
    // What waits for each socket's client, by slot.
    this.backlogs = [];
    this.free = [];
    // Those that were closed with unsent bytes.
    this.closing = new Set();
    // Runtimes without `bufferedAmount` cannot find slow readers.
    this.measures = "bufferedAmount" in WebSocket.prototype;
  }

  /** Accepts a WebSocket that hibernates with the object; returns the client's end. Its slot is then `newest`. */
  accept() {
    const { 0: client, 1: server } = new WebSocketPair();
    this.state.acceptWebSocket(server);
    this.newest = this.add(server);
    server[clientOf] = client;
    return client;
  }

  add(socket) {
    const slot = this.free.length > 0 ? this.free.pop() : this.list.length;
    this.list[slot] = socket;
    this.backlogs[slot] = new Backlog();
    socket[slotOf] = slot;
    return slot;
  }

  /** Returns the slot of a socket whose event is handled; -1 if the world has closed it. */
  slot(socket) {
    note(this.state, "an event of a WebSocket", socket);
    socket[clientOf] = undefined;
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
   * was closed by the world, and is closed again. If the wasm instance aborted `many` times in a row while these were read, the socket
   * where it stopped is closed; after each further abort, twice as many from there on.
   */
  wake(many) {
    const { count, own, socket: stopped } = noteWake(this, many);
    this.aborts = Math.max(count, own);
    const attachments = [];
    let doomed = 0;
    for (const socket of this.state.getWebSockets()) {
      socket[slotOf] = undefined;
      if (socket === stopped && count >= many) doomed = 2 ** (count - many);
      if (doomed > 0) {
        doomed -= 1;
        closeForGood(socket, 1011);
        continue;
      }
      const attachment = attachmentOf(socket);
      if (typeof attachment === "string") {
        this.add(socket);
        attachments.push(attachment);
      } else {
        if (this.measures && socket.bufferedAmount > 0) this.closing.add(socket);
        close(socket, 1000);
      }
    }
    return attachments;
  }

  /**
   * Sends a frame of a packet to one socket. With the packet's first frame, `count` is the number of its frames, and the return
   * value is as that of `broadcast`; with the others, `count` is 0. `bytes` is the size of the packet.
   */
  send(slot, frame, count, bytes) {
    const socket = this.list[slot];
    if (socket === undefined) return undefined;
    const isSlow = count > 0 && this.measures && this.#isSlow(slot, socket.bufferedAmount, bytes, count);
    try {
      socket.send(frame);
    } catch {
      // The socket is closing; the runtime calls webSocketClose.
    }
    return this.#found(isSlow ? [slot] : NONE);
  }

  // The frame is a view of wasm's memory, which is valid during this call only: hence the copy.
  sendBytes(slot, frame, count, bytes) {
    const copy = frame.slice();
    const slow = this.send(slot, copy, count, bytes);
    drop(copy);
    return slow;
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
   * Sends a packet of one text frame to many sockets; returns what its sender is charged, in bytes, and the slots of those sockets that
   * were slow before it; or undefined if there is neither. `bytes` is the size of the packet.
   */
  broadcast(slots, frame, bytes) {
    return this.#broadcast(slots, frame, NONE, bytes);
  }

  /** Does the same for a packet of several frames, each a text or bytes. */
  broadcastFrames(slots, frames, bytes) {
    const [first, ...others] = frames;
    const slow = this.#broadcast(slots, first, others, bytes);
    for (const frame of frames) if (typeof frame !== "string") drop(frame);
    return slow;
  }

  #broadcast(slots, first, others, bytes) {
    const { list, measures } = this;
    const frames = 1 + others.length;
    let slow;
    for (let i = 0; i < slots.length; i++) {
      const socket = list[slots[i]];
      if (socket === undefined) continue;
      if (measures && this.#isSlow(slots[i], socket.bufferedAmount, bytes, frames)) (slow ??= []).push(slots[i]);
      try {
        socket.send(first);
        for (let j = 0; j < others.length; j++) socket.send(others[j]);
      } catch {
        // The socket is closing; the runtime calls webSocketClose.
      }
    }
    return this.#found(slow ?? NONE);
  }

  #isSlow(slot, unsent, bytes, frames) {
    const { backlogs, bounds } = this;
    const cost = backlogs[slot].add(unsent, bytes, frames, bounds.overhead);
    if (cost > bounds.queuedFrom) this.queued += queued(cost, bytes + frames * bounds.overhead, bounds);
    return backlogs[slot].isSlow(cost, unsent, bytes, bounds);
  }

  // Mostly there is nothing to return: then nothing is allocated, here or in wasm.
  #found(slow) {
    const { queued } = this;
    if (queued === 0 && slow.length === 0) return undefined;
    this.queued = 0;
    return [Math.min(queued, MAX_U32), ...slow];
  }

  /** Returns what the unsent frames of each socket cost in bytes, by slot. */
  unsent() {
    const { backlogs, bounds, measures } = this;
    return this.list.map((socket, slot) => (measures && socket ? backlogs[slot].cost(socket.bufferedAmount, bounds.overhead) : 0));
  }

  /** Returns the bytes that the client of each socket has not read, by slot. */
  unsentBytes() {
    return this.list.map((socket) => (this.measures && socket ? socket.bufferedAmount : 0));
  }

  /** Returns the unsent bytes of closed sockets, and those of the bodies that the isolate reads. */
  unowned() {
    let unsent = 0;
    for (const socket of this.closing) {
      const bytes = socket.readyState === WebSocket.CLOSED || socket[overOf] ? 0 : socket.bufferedAmount;
      if (bytes === 0) this.closing.delete(socket);
      unsent += bytes;
    }
    return [unsent, bytesOfBodies()];
  }

  /** Ends the object, with all of its sockets, after this event. */
  abort() {
    setTimeout(() => this.state.abort("closed clients do not read what is unsent to them"), 0);
  }

  /** Writes the attachment of a socket; throws if the runtime refuses it. */
  attach(slot, attachment) {
    this.list[slot]?.serializeAttachment(attachment);
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
    if (hasUnsent) this.#readUnsent(socket, code);
    // If the connection is over, the unsent bytes are dropped with it.
    if (hasUnsent && !socket[overOf]) this.#watch(socket);
  }

  /**
   * Reads what a closed socket has unsent, if its client was lost before the object's response was sent: then nobody else reads it, and
   * the unsent bytes would keep the object awake until the garbage collector finds the client's end.
   */
  #readUnsent(socket, code) {
    const client = socket[clientOf];
    if (client === undefined) return;
    socket[clientOf] = undefined;
    try {
      client.accept();
      close(client, code);
    } catch {
      // The response was sent.
    }
  }

  /**
   * Watches a closed socket that has unsent bytes. While its client does not read, these keep the object awake, and the runtime
   * has no way to drop a single socket. If the world has no session, the object aborts, which drops the socket and affects no
   * client. If it has one, this is soon tried again: the last session must not be followed by a whole time more.
   */
  #watch(socket, after = this.dropAfter) {
    this.closing.add(socket);
    socket[watchOf] = setTimeout(() => {
      if (socket.readyState === WebSocket.CLOSED || socket.bufferedAmount === 0) return;
      if (this.isDeserted()) {
        const message = "the last client does not read; its connection is dropped so that the world can sleep";
        log("warn", message, { world: worldName(this.state) });
        this.state.abort("the last client does not read");
      } else {
        this.#watch(socket, this.retryAfter);
      }
    }, after);
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

/** What waits for a client that reads its WebSocket: decides whether it is slow. The rule is that of the trait `Platform`. */
class Backlog {
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
function queued(waiting, packet, { nearly, step }) {
  const above = Math.max(waiting + packet - nearly, 0);
  return packet * (1 + Math.floor(above / step));
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

/** Closes a socket, and marks it as closed for the next wake. */
export function closeForGood(socket, code) {
  try {
    socket.serializeAttachment(null);
  } catch {
    // The connection is lost already.
  }
  close(socket, code);
}

/** Returns the attachment of a socket. A socket whose attachment cannot be read is closed. */
export function attachmentOf(socket) {
  try {
    return socket.deserializeAttachment();
  } catch (error) {
    log("error", `a session is closed; its attachment cannot be read: ${textOf(error)}`);
    closeForGood(socket, 1000);
    return null;
  }
}

/** Handles the end of a socket, which its peer closed or which failed: answers the close, and ends the watch. */
export function endSocket(socket, code) {
  socket[overOf] = true;
  clearTimeout(socket[watchOf]);
  close(socket, code);
}
