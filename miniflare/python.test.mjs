// python-socketio against the relay: its blocking client and its asyncio one, on both transports and by upgrading.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, afterEach, before, describe, test } from "node:test";
import { ROOT } from "../scripts/lib/root.mjs";
import { Clients, ask, heard } from "./clients.mjs";
import { python } from "./python.mjs";
import { Queue, within } from "./waiting.mjs";
import { startWorker } from "./world.mjs";

let interpreter;
let worker;
let clients;
const snakes = new Set();
before(async () => {
  interpreter = await python();
  worker = await startWorker();
  clients = new Clients(worker.url);
});
afterEach(() => clients.closeAll());
after(async () => {
  for (const child of snakes) child.kill("SIGKILL");
  await worker?.dispose();
});

/** A Python client: `tell` it what to do, and take from `lines` what it says. */
async function startPython(world, kind, transports) {
  const child = spawn(interpreter, [join(ROOT, "miniflare", "python_client.py"), worker.url, world, kind, transports]);
  snakes.add(child);
  const lines = new Queue();
  let errors = "";
  child.stderr.on("data", (text) => (errors += text));
  createInterface({ input: child.stdout }).on("line", (line) => lines.push(JSON.parse(line)));
  const ended = new Promise((resolve) => {
    child.on("close", (code) => {
      snakes.delete(child);
      lines.end(`the Python client ended with ${code}: ${errors}`);
      resolve(code);
    });
  });
  const connected = await lines.take("the Python client to connect");
  assert.equal(connected.is, "connected");
  return {
    ...connected,
    tell: (todo) => child.stdin.write(`${JSON.stringify(todo)}\n`),
    take: (what) => lines.take(what),
    ended: () => within(ended, "the Python client to end"),
  };
}

const bytes = Buffer.from([0, 1, 2, 253, 254, 255]);
const hex = { hex: bytes.toString("hex") };

for (const kind of ["sync", "async"]) {
  for (const [transports, used] of [["default", "websocket"], ["websocket", "websocket"], ["polling", "polling"]]) {
    describe(`${kind}, ${transports}`, () => {
      test("it and socket.io-client hear each other, acks and binary included", async () => {
        const world = `${kind}-${transports}`;
        const node = await clients.join(world);
        const snake = await startPython(world, kind, transports);
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
