// Whether a port is free, asked before a build of a minute.

import { createServer } from "node:net";
import { Refusal } from "./run.mjs";

/** Returns the number of an option `--port`; 0 means a free port. */
export function parsePort(text) {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65535) return port;
  throw new Refusal(`--port ${text}: a port is a number from 0, which takes a free one, to 65535.`);
}

/** Throws if nothing can listen there. */
export async function checkPort(host, port) {
  const server = createServer();
  try {
    await new Promise((resolve, reject) => server.once("error", reject).listen({ host, port, exclusive: true }, resolve));
  } catch (error) {
    if (error.code === "EADDRINUSE") {
      throw new Refusal(`Port ${port} is taken by another program: choose another with --port, such as --port ${otherThan(port)}.`);
    }
    if (error.code === "EACCES") throw new Refusal(`Port ${port} is not for this user to listen on: choose another with --port, such as --port 8787.`);
    throw new Refusal(`Nothing can listen on ${host}, port ${port}: ${error.message}.`);
  }
  await new Promise((resolve) => server.close(resolve));
}

const otherThan = (port) => (port < 65535 ? port + 1 : port - 1);
