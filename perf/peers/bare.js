// The baseline: a hand-written Durable Object with hibernating WebSockets and just enough of Socket.IO for the bench. It has no
// namespaces, no checks and no pings, and parses nothing.
import { DurableObject } from "cloudflare:workers";

const HANDSHAKE = { upgrades: [], pingInterval: 300000, pingTimeout: 20000, maxPayload: 1000000 };
const ASK = /^42(\d+)\["ask",/;

export class World extends DurableObject {
  // The headers whose attachment is the socket's next frame. They can be in memory: the attachment follows at once, and
  // hibernation takes ten idle seconds.
  #headers = new Map();

  constructor(state, env) {
    super(state, env);
    console.log("boot");
    state.setWebSocketAutoResponse(new WebSocketRequestResponsePair("3", "6"));
  }

  fetch(request) {
    if (request.headers.get("upgrade") !== "websocket") return new Response("WebSockets only", { status: 426 });
    const room = new URL(request.url).searchParams.get("room");
    const { 0: client, 1: socket } = new WebSocketPair();
    const sid = crypto.randomUUID();
    this.ctx.acceptWebSocket(socket, room ? [room] : []);
    socket.serializeAttachment({ sid, room });
    socket.send(`0${JSON.stringify({ sid, ...HANDSHAKE })}`);
    return new Response(null, { status: 101, webSocket: client });
  }

  webSocketMessage(socket, frame) {
    if (typeof frame !== "string") return this.#attached(socket, frame);
    if (frame.startsWith('42["all",')) return this.#relay(socket, this.ctx.getWebSockets(), frame);
    if (frame.startsWith('42["room",')) return this.#relay(socket, this.#roomOf(socket), frame);
    if (frame.startsWith("451-[")) return void this.#headers.set(socket, frame);
    if (frame === "40") return socket.send(`40{"sid":"${socket.deserializeAttachment().sid}"}`);
    const ask = ASK.exec(frame);
    if (ask) return socket.send(`43${ask[1]}[${frame.slice(ask[0].length)}`);
    socket.close(1008, "not a frame of the bench");
  }

  webSocketClose(socket, code) {
    this.#headers.delete(socket);
    socket.close(code === 1005 || code === 1006 ? 1000 : code);
  }

  #attached(socket, bytes) {
    const header = this.#headers.get(socket);
    this.#headers.delete(socket);
    const others = header.startsWith('451-["room",') ? this.#roomOf(socket) : this.ctx.getWebSockets();
    this.#relay(socket, others, header, bytes);
  }

  #roomOf = (socket) => this.ctx.getWebSockets(socket.deserializeAttachment().room);

  #relay(sender, sockets, ...frames) {
    for (const socket of sockets) {
      if (socket !== sender) for (const frame of frames) socket.send(frame);
    }
  }
}

export default {
  fetch: (request, env) => env.WORLD.getByName("bench").fetch(request),
};
