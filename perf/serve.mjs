// `node perf/serve.mjs PEER`: starts one of the bench's servers alone. Prints the load generator's arguments for it, and ends
// with Ctrl-C.

import { Refusal, main } from "../scripts/lib/run.mjs";
import { ready } from "../scripts/setup.mjs";

main(async () => {
  await ready();
  const { peers } = await import("./lib/peers.mjs"); // imported here, because `ready` may have installed its packages
  const peer = peers[process.argv[2]];
  if (!peer) throw new Refusal(`Name one of the servers: ${Object.keys(peers).join(", ")}.`);
  await peer.build();
  const server = await peer.start();
  console.log(`ready --url ${server.url} --dialect ${peer.dialect} --server-pid ${server.pid}`);
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => server.stop().then(() => process.exit(0)));
});
