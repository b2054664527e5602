// Another library on the same runtime that hibernates, too. It sends raw frames without a protocol: a frame that begins with `?`
// is echoed, one with `#` is sent to the others in the sender's room, and every other frame to all others.

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
