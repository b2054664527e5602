// The unmodified socket.io-client, for the tests.

import { io } from "socket.io-client";
import { until, within } from "./waiting.mjs";

/** The clients that one test file opened, so that it can end them all. */
export class Clients {
  #all = [];

  constructor(origin) {
    this.origin = origin;
  }

  /** Returns a client that has joined a namespace of the world. Its events are kept in `heard`, its disconnects in `reasons`. */
  async join(world, { namespace = "/", ...options } = {}) {
    const socket = io(`${this.origin}${namespace}`, { path: `/w/${world}/socket.io/`, forceNew: true, ...options });
    this.#all.push(socket);
    socket.heard = [];
    socket.reasons = [];
    socket.onAny((event, ...args) => socket.heard.push([event, ...args]));
    socket.on("disconnect", (reason) => socket.reasons.push(reason));
    const joined = new Promise((resolve, reject) => socket.once("connect", resolve).once("connect_error", reject));
    try {
      await within(joined, `a client to join ${world}`);
    } catch (error) {
      socket.disconnect();
      throw error;
    }
    return socket;
  }

  /** Returns several clients, which join at the same time. */
  joinAll(world, count, options) {
    return Promise.all(Array.from({ length: count }, () => this.join(world, options)));
  }

  closeAll() {
    for (const socket of this.#all.splice(0)) socket.disconnect();
  }
}

/** Waits until the client has upgraded to WebSocket. */
export const upgraded = (socket) => until(() => socket.io.engine?.transport.name === "websocket", "the upgrade");

/** Emits and returns the acknowledgement's arguments. */
export const ask = (socket, event, ...args) =>
  within(new Promise((resolve) => socket.emit(event, ...args, (...answer) => resolve(answer))), `the ack of ${event}`);

/** Waits until the client has received `count` events, and returns all it received. */
export async function heard(socket, count) {
  await until(() => socket.heard.length >= count, () => `${count} events; heard: ${JSON.stringify(socket.heard).slice(0, 500)}`);
  return socket.heard;
}
