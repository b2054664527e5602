// A client of another world, in a process of its own so that the attack's own work does not delay it: asks for an
// acknowledgement again and again, and tells the longest wait. The parent sends "count" for the number so far, and "end".

import { io } from "socket.io-client";

const [, , url, world, event] = process.argv;
const socket = io(url, { path: `/w/${world}/socket.io/`, transports: ["websocket"], forceNew: true });
let longest = 0;
let count = 0;
let isOver = false;

process.on("message", (message) => {
  if (message === "count") process.send({ count });
  else isOver = true;
});
await new Promise((connected) => socket.once("connect", connected));
await socket.emitWithAck(event, 0);
process.send("ready");
while (!isOver) {
  const asked = performance.now();
  await socket.timeout(300_000).emitWithAck(event, count);
  longest = Math.max(longest, performance.now() - asked);
  count += 1;
  await new Promise((later) => setTimeout(later, 10));
}
process.send({ longest, count });
socket.disconnect();
process.disconnect();
