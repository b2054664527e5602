// Socket.IO by hand, on the raw WebSockets of engine.mjs.

import assert from "node:assert/strict";
import { openWebSocket } from "./engine.mjs";

/** Joins a namespace of examples/echo, reads its greeting, and returns the socket's id. */
export async function joinNamespace(wire, namespace = "/", auth) {
  const id = await connectNamespace(wire, namespace, auth);
  const prefix = namespace === "/" ? "" : `${namespace},`;
  const greeting = await wire.take("the greeting");
  assert.ok(greeting.startsWith(`42${prefix}[`), greeting);
  assert.deepEqual(JSON.parse(greeting.slice(2 + prefix.length)), ["auth", auth ?? {}]);
  return id;
}

/** Joins a namespace and returns the socket's id. */
export async function connectNamespace(wire, namespace = "/", auth) {
  const prefix = namespace === "/" ? "" : `${namespace},`;
  wire.send(`40${prefix}${auth === undefined ? "" : JSON.stringify(auth)}`);
  const answer = await wire.take("the answer to CONNECT");
  assert.ok(typeof answer === "string" && answer.startsWith(`40${prefix}{`), String(answer));
  return JSON.parse(answer.slice(2 + prefix.length)).sid;
}

/** Returns a client of examples/echo that has joined `/` and was greeted; its socket's id is in `id`. */
export async function openSocketIo(origin, { path = "/socket.io/", ...options } = {}) {
  const wire = await openWebSocket(origin, path, options);
  wire.id = await joinNamespace(wire);
  return wire;
}

/** Asserts that the world still answers this client of examples/echo. */
export async function assertAnswers(wire) {
  wire.send('42["message","still here"]');
  await wire.expect('42["message-back","still here"]');
}
