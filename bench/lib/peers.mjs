// The servers that are measured. Each does the same work; see bench/peers/.

import { join } from "node:path";
import { ROOT } from "../../scripts/lib/root.mjs";
import { startWorkerd } from "./workerd.mjs";

const source = (name) => join(ROOT, "bench", "peers", name);

export const peers = {
  bare: {
    dialect: "socketio",
    start: () => onWorkerd("/socket.io/", { modules: { "bare.js": source("bare.js") } }),
  },
};

async function onWorkerd(path, worker) {
  const server = await startWorkerd(worker);
  return { ...server, url: `ws://127.0.0.1:${server.port}${path}` };
}
