// What a new user does: commands in folders of their own, a server that is started and stopped, and a stock client that talks to it.

import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { Refusal } from "./run.mjs";

/** A failed connection is tried again twice a second. */
const PATIENT = { forceNew: true, reconnectionDelay: 500, reconnectionDelayMax: 500, timeout: 5000 };

export async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((listening) => server.on("listening", listening));
  const { port } = server.address();
  await new Promise((closed) => server.close(closed));
  return String(port);
}

/** Runs a command to its end, and returns its output. Rejects with the output if it fails or takes longer than `seconds`. */
export async function command(line, { cwd, env, seconds = 900 }) {
  const started = start(line, { cwd, env });
  let limit;
  const late = new Promise((_, reject) => (limit = setTimeout(() => reject(new Refusal(`\`${line}\` took longer than ${seconds} s:\n${started.said()}`)), seconds * 1000)));
  try {
    const code = await Promise.race([started.ended, late]);
    if (code !== 0) throw new Refusal(`\`${line}\` failed with exit code ${code}:\n${started.said()}`);
    return started.said();
  } finally {
    clearTimeout(limit);
    started.stop();
  }
}

/** Starts a command in a process group of its own; `stop` kills all of it, because npm, its shell and the runtime pass no signal on in time. */
export function start(line, { cwd, env }) {
  const child = spawn(line, { cwd, env, shell: true, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (said += text));
  const ended = new Promise((resolve) => child.on("close", (code, signal) => resolve(code ?? signal)));
  const stop = () => {
    try {
      process.kill(-child.pid, "SIGKILL");
    } catch {} // all of it has ended
    child.stdout.destroy();
    child.stderr.destroy();
  };
  /** Sends what Ctrl-C sends; resolves when all of it has ended, which the end of its output says. */
  const interrupt = () => {
    process.kill(-child.pid, "SIGINT");
    return ended;
  };
  return { said: () => said, ended, stop, interrupt };
}

/** Resolves with what `ask` resolves with; rejects if the server ends or `seconds` are over before. */
export async function whileRunning(server, ask, { seconds = 1800 } = {}) {
  const abort = new AbortController();
  const ended = server.ended.then((code) => {
    throw new Refusal(`The server ended with ${code}:\n${server.said()}`);
  });
  let limit;
  const late = new Promise((_, reject) => (limit = setTimeout(() => reject(new Refusal(`No answer in ${seconds} s:\n${server.said()}`)), seconds * 1000)));
  try {
    return await Promise.race([ask(abort.signal), ended, late]);
  } finally {
    clearTimeout(limit);
    abort.abort();
  }
}

/** Connects a stock client, waits for as long as the server does not answer, and returns the acknowledgement of one event. */
export async function acknowledgement({ io, url, auth, event, argument, signal }) {
  const socket = io(url, { ...PATIENT, auth });
  signal?.addEventListener("abort", () => socket.close());
  try {
    await new Promise((connected) => socket.on("connect", connected));
    return await socket.emitWithAck(event, argument);
  } finally {
    socket.close();
  }
}

/** Connects again and again until the server refuses the client with this message. */
export async function refusal({ io, url, auth, message, signal }) {
  for (let refused; refused !== message && !signal?.aborted; ) {
    const socket = io(url, { ...PATIENT, reconnection: false, auth });
    refused = await new Promise((told) => {
      socket.on("connect_error", (error) => told(error.message));
      socket.on("connect", () => told(undefined));
    });
    socket.close();
    if (refused !== message) await new Promise((done) => setTimeout(done, 200));
  }
}
