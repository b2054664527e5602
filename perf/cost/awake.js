// The relay's counterpart for the comparison: the same relay in an object that never hibernates. As in Socket.IO's own server,
// the event listeners and the heartbeat's timers of each connection are in memory. The work is the same: Engine.IO 4 and
// Socket.IO 5 over WebSockets, events go to all others in the world, and the arguments come back as the acknowledgement.

import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";

const EVENT = /^42(\d*)(\["(?:module|system)\.[^"]+".*\])$/s;
const UPGRADES = [];

export class World extends DurableObject {
  #clients = new Set();

  fetch(request) {
    if (request.headers.get("upgrade") !== "websocket") return new Response(null, { status: 400 });
    const { 0: client, 1: socket } = new WebSocketPair();
    socket.accept();
    const { PING_INTERVAL_MS, PING_TIMEOUT_MS } = this.env;
    const [pingInterval, pingTimeout] = [Number(PING_INTERVAL_MS), Number(PING_TIMEOUT_MS)];
    let late;
    const heartbeat = setInterval(() => {
      socket.send("2");
      late = setTimeout(() => socket.close(1000), pingTimeout);
    }, pingInterval);
    const end = () => {
      clearInterval(heartbeat);
      clearTimeout(late);
      this.#clients.delete(socket);
    };
    socket.addEventListener("close", end);
    socket.addEventListener("error", end);
    socket.addEventListener("message", ({ data }) => {
      if (data === "3") clearTimeout(late);
      else if (data === "40" || data.startsWith("40{")) this.#join(socket);
      else this.#relay(socket, data);
    });
    const sid = crypto.randomUUID();
    socket.send(`0${JSON.stringify({ sid, upgrades: UPGRADES, pingInterval, pingTimeout, maxPayload: 1_000_000 })}`);
    return new Response(null, { status: 101, webSocket: client });
  }

  #join(socket) {
    this.#clients.add(socket);
    socket.send(`40${JSON.stringify({ sid: crypto.randomUUID() })}`);
  }

  #relay(sender, data) {
    const [, ack, packet] = data.match(EVENT) ?? [];
    if (packet === undefined || !this.#clients.has(sender)) return;
    for (const socket of this.#clients) if (socket !== sender) socket.send(`42${packet}`);
    if (ack) sender.send(`43${ack}[${packet.replace(/^\["[^"]+",?/, "")}`);
  }
}

export default class extends WorkerEntrypoint {
  fetch(request) {
    const [, world] = new URL(request.url).pathname.match(/^\/w\/([\w-]{1,64})\/socket\.io\//) ?? [];
    return world ? this.env.WORLD.getByName(world).fetch(request) : new Response(null, { status: 404 });
  }
}
