// python-socketio against the relay: its blocking and its asyncio client, on each transport and with an upgrade.

import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { Clients, ask, heard } from "./clients.mjs";
import { Pythons } from "./python.mjs";
import { startWorker } from "./world.mjs";

let worker;
let clients;
let pythons;
before(async () => {
  worker = await startWorker();
  clients = new Clients(worker.url);
  pythons = await Pythons.start(worker.url);
});
afterEach(() => clients.closeAll());
after(async () => {
  pythons?.killAll();
  await worker?.dispose();
});

const bytes = Buffer.from([0, 1, 2, 253, 254, 255]);
const hex = { hex: bytes.toString("hex") };

for (const kind of ["sync", "async"]) {
  for (const [transports, used] of [["default", "websocket"], ["websocket", "websocket"], ["polling", "polling"]]) {
    describe(`${kind}, ${transports}`, () => {
      test("it and socket.io-client receive each other's events, with acks and binary", async () => {
        const world = `${kind}-${transports}`;
        const node = await clients.join(world);
        const snake = await pythons.join(world, kind, transports);
        assert.equal(snake.transport, used);
        assert.match(snake.sid, /^[\w-]{20}$/);

        snake.tell({ do: "emit", event: "module.snake", args: ["né ☃", { list: [1, null] }] });
        assert.deepEqual(await heard(node, 1), [["module.snake", "né ☃", { list: [1, null] }]]);

        snake.tell({ do: "call", event: "module.snake", args: [{ raw: hex }, 7] });
        assert.deepEqual(await snake.take("the ack"), { is: "acked", args: [{ raw: hex }, 7] });
        assert.deepEqual((await heard(node, 2))[1], ["module.snake", { raw: bytes }, 7]);

        assert.deepEqual(await ask(node, "system.node", bytes, "text"), [bytes, "text"]);
        assert.deepEqual(await snake.take("the event"), { is: "heard", event: "system.node", args: [hex, "text"] });

        snake.tell({ do: "call", event: "chat", args: ["hello"] });
        const refused = await snake.take("the ack");
        assert.equal(refused.args.error.code, "UNKNOWN_EVENT");

        snake.tell({ do: "leave" });
        assert.deepEqual(await snake.take("its leaving"), { is: "left" });
        assert.equal(await snake.ended(), 0);
        assert.deepEqual(await ask(node, "module.alone"), []);
        assert.equal(node.heard.length, 2);
      });
    });
  }
}
