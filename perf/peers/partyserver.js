// Another server on the same runtime, which hibernates, too. It has raw frames and no protocol of its own: a frame that starts
// with `?` is echoed, one with `#` goes to the others of its room, every other to all others.

import { Server, routePartykitRequest } from "partyserver";

export class World extends Server {
  static options = { hibernate: true };

  onStart() {
    console.log("boot");
  }

  getConnectionTags(connection, { request }) {
    const room = new URL(request.url).searchParams.get("room");
    return room ? [room] : [];
  }

  onMessage(connection, message) {
    if (message[0] === "?") return connection.send(message);
    if (message[0] !== "#") return this.broadcast(message, [connection.id]);
    const [, room] = connection.tags; // the first is the connection's id
    for (const other of this.getConnections(room)) if (other !== connection) other.send(message);
  }
}

export default {
  fetch: (request, env) => routePartykitRequest(request, env),
};
