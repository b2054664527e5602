// python-socketio, which has its own parser and its own acknowledgements, against the server API.

import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { Pythons } from "./python.mjs";
import { heardOf, rows } from "./rows.mjs";

const app = rows();
let pythons;
after(() => pythons?.killAll());

const hex = (...values) => ({ hex: Buffer.from(values).toString("hex") });

for (const kind of ["sync", "async"]) {
  for (const transports of ["default", "websocket", "polling"]) {
    describe(`${kind}, ${transports}`, () => {
      for (const asleep of transports === "polling" ? [false] : [false, true]) {
        test(`sends and receives acknowledgements, ${asleep ? "hibernated" : "awake"}`, async () => {
          const world = app.world("websocket", asleep);
          const watcher = await world.watch();
          pythons ??= await Pythons.start(world.worker.url);
          const snake = await pythons.join(world.name, kind, transports);
          const call = async (event, ...args) => {
            snake.tell({ do: "call", event, args });
            return snake.take(`the ack of ${event}`);
          };

          // Its threads report an event and the acknowledgement that follows it in any order.
          const callAndHear = async (todo, heard, acked) => {
            snake.tell({ do: "call", ...todo });
            const told = [await snake.take("the event or the ack"), await snake.take("the other")];
            assert.deepEqual(told.find(({ is }) => is === "heard"), { is: "heard", ...heard });
            assert.deepEqual(told.find(({ is }) => is === "acked"), { is: "acked", args: acked });
          };

          await world.rest();
          const how = { how: "né ☃" };
          await callAndHear({ event: "ask", args: [how] }, { event: "answered", args: [how] }, how);

          await world.rest();
          assert.deepEqual(await call("ask by reply", "how?", "kept", null), { is: "acked", args: "asked" });
          await world.rest(); // while it thinks
          const [[id, answer, context]] = await heardOf(watcher, "reply");
          assert.deepEqual([answer, context], [{ answer: "how?" }, "kept"]);

          await world.rest();
          const scene = { name: "s", image: hex(0, 255), tiles: [{ at: [1, 2], pixels: hex() }] };
          await callAndHear({ event: "scene", args: [scene, hex(9)] }, { event: "scene", args: [scene, hex(9)] }, [hex(9), scene]);

          await world.rest();
          snake.tell({ do: "leave" });
          const [[who, reason]] = await heardOf(watcher, "left");
          // On a WebSocket, it may close the connection before its DISCONNECT is sent.
          const reasons = ["client namespace disconnect", "transport close"];
          assert.deepEqual([who, reasons.includes(reason)], [id, true], reason);
          assert.equal(await snake.ended(), 0);
        });
      }
    });
  }
}
