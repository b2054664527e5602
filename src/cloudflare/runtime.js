// What Rust calls of the Workers runtime besides WebSockets, tables and HTTP: the object's name, its alarm and automatic response,
// timers, and variables.

import { log } from "./log.js";

/** Returns the name of the world; the object's id, if it has none. */
export function worldName(state) {
  return state.id.name ?? state.id.toString();
}

/** Returns the id of the object, which no other has. */
export function objectId(state) {
  return state.id.toString();
}

/** Sets the frame that the runtime answers by itself, and its answer; `undefined` for none. */
export function setAutoResponse(state, request, response) {
  state.setWebSocketAutoResponse(request === undefined ? undefined : new WebSocketRequestResponsePair(request, response));
}

// Nothing that is sent waits until the alarm is confirmed. If the write is lost with the object, the alarm that was set before stays set,
// and is too early, which does no harm. If there was none, the world needs none: its WebSockets are lost as well, and the rows that need
// an alarm (named alarms, the roster) are written before it or with it, and the runtime commits in order; these rows are confirmed.
// `sync` waits for all writes.
const UNCONFIRMED = { allowUnconfirmed: true };

/** Sets the object's alarm, without waiting for the storage. If that fails, `failed` is called later with the error. */
export function setAlarm(state, at, failed) {
  // What is thrown rejects the promise, too: `failed` must not be called within this call.
  new Promise((resolve) => resolve(state.storage.setAlarm(at, UNCONFIRMED))).catch(failed);
}

/** Deletes the object's alarm, as `setAlarm` sets it. */
export function deleteAlarm(state, failed) {
  new Promise((resolve) => resolve(state.storage.deleteAlarm(UNCONFIRMED))).catch(failed);
}

/** Returns a promise of the alarm's time in milliseconds; of null if it is not set. */
export function findAlarm(state) {
  return state.storage.getAlarm();
}

/** Calls back when everything that was written is on the disk; also if that fails, with which the runtime ends the object. */
export function sync(state, callback) {
  const failed = (error) => log("error", `an attempt could not be stored: ${textOf(error)}`, { world: worldName(state) });
  state.storage.sync().catch(failed).then(callback);
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

/** Returns a Worker variable: a string as it is, another value as JSON, `undefined` if it is not set. */
export function variable(env, name) {
  const value = env[name];
  if (value === undefined || value === null) return undefined;
  return typeof value === "string" ? value : JSON.stringify(value);
}

const encoder = new TextEncoder();

/** Encodes a long text as UTF-8: this is faster than wasm-bindgen's loop over the characters. */
export function encode(text) {
  return encoder.encode(text);
}

// From how many bytes on a buffer is dropped at once. A shorter one takes less than it costs. The chunks of a stream have 4 KB.
const DROPPED_FROM = 1_024;

/**
 * Drops the bytes of a buffer, or the buffer of a view, that nobody uses any more. The runtime would keep them until it collects
 * garbage, which can be hundreds of megabytes later: they are outside of its heap. What the runtime itself still reads of it, such
 * as a message that is not sent, it keeps.
 */
export function drop(bytes) {
  if (bytes.byteLength >= DROPPED_FROM) (bytes.buffer ?? bytes).transfer(0);
}

/** Returns the message of something that was thrown. */
export function textOf(error) {
  return String(error?.message ?? error);
}
