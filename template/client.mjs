// Talks to the running server from Node: `node client.mjs`, or `node client.mjs http://localhost:8787`.

import { io } from "socket.io-client";

const url = process.argv[2] ?? "http://localhost:8787";
// Each path is a world. Without a path, it is the world `default`.
const join = (auth) => io(url, { path: "/w/my-world/socket.io/", auth, forceNew: true });

const nobody = join({});
// `active`: nobody has answered, and the client tries again by itself. A refusal is final.
nobody.on("connect_error", (error) => console.log(nobody.active ? `there is no server at ${url} yet` : `without a name: ${error.message}`));

const anna = join({ name: "Anna" });
anna.on("said", (name, text) => console.log(`Anna hears ${name}: ${text}`));
anna.on("connect", () => {
  const ben = join({ name: "Ben" });
  ben.on("connect", async () => {
    console.log("said in this world so far:", await ben.emitWithAck("say", "hello"));
    setTimeout(() => process.exit(), 500);
  });
});
