// The reference server on Node, as in its documentation: on `http`, with `ws`.

import { createServer } from "node:http";
import { Server } from "socket.io";

const http = createServer();
const io = new Server(http, { pingInterval: 300_000 });

io.on("connection", (socket) => {
  const { room } = socket.handshake.query;
  if (room) socket.join(room);
  socket.on("all", (payload) => socket.broadcast.emit("all", payload));
  socket.on("room", (payload) => socket.to([...socket.rooms]).emit("room", payload));
  socket.on("ask", (payload, answer) => answer(payload));
});

http.listen(0, "127.0.0.1", () => console.log(`listening ${http.address().port}`));
