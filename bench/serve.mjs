// `node bench/serve.mjs PEER`: one peer of the bench alone, to look at it. Prints where it is, and ends with Ctrl-C.

import { peers } from "./lib/peers.mjs";

const peer = peers[process.argv[2]];
if (!peer) {
  console.error(`✗ Name one of the peers: ${Object.keys(peers).join(", ")}.`);
  process.exit(1);
}
await peer.build();
const server = await peer.start();
console.log(`ready --url ${server.url} --dialect ${peer.dialect} --server-pid ${server.pid}`);
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => server.stop().then(() => process.exit(0)));
