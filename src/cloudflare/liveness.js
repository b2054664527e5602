// What the heartbeat of a sleeping world needs of its WebSockets, which have no slots then.

import { attachmentOf } from "./web_sockets.js";

/** Returns the attachment of every socket and the time of its last pong, in turn; 0 without a pong. Assigns no slots. */
export function liveness(state) {
  const liveness = [];
  for (const socket of state.getWebSockets()) {
    const attachment = attachmentOf(socket);
    if (typeof attachment !== "string") continue;
    liveness.push(attachment, state.getWebSocketAutoResponseTimestamp(socket)?.getTime() ?? 0);
  }
  return liveness;
}

/** Pings every socket that the world has not closed. */
export function pingAll(state, ping) {
  for (const socket of state.getWebSockets()) {
    try {
      if (attachmentOf(socket) !== null) socket.send(ping);
    } catch {
      // The socket is closing.
    }
  }
}
