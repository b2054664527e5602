// What arguments may be: typed values, binary somewhere inside, JSON that passes through unread; from Node and from Python.

import assert from "node:assert/strict";
import { describe } from "node:test";
import { ask } from "./clients.mjs";
import { openWebSocket } from "./engine.mjs";
import { connectNamespace } from "./packets.mjs";
import { failed, heardOf, rows } from "./rows.mjs";

const app = rows();
const { row } = app;

const bytes = (...values) => Buffer.from(values);

describe("values", () => {
  row("binary anywhere inside, both ways", async ({ join, rest }) => {
    const client = await join();
    const tiles = [{ at: [0, 1], pixels: bytes(1, 2) }, { at: [2, 3], pixels: null }, { at: [4, 5], pixels: bytes() }];
    const scene = { name: "né ☃", image: bytes(0, 255, 128), tiles };
    const turned = { ...scene, tiles: [...tiles].reverse() };
    for (let n = 1; n <= 2; n++) {
      await rest();
      assert.deepEqual(await ask(client, "scene", scene, bytes(9)), [bytes(9), turned]);
      assert.deepEqual((await heardOf(client, "scene", n)).at(-1), [turned, bytes(9)]);
    }
    await rest();
    const large = { name: "large", image: Buffer.alloc(300_000, 7), tiles: [] };
    assert.deepEqual(await ask(client, "scene", large, bytes(9)), [bytes(9), large]);
  });

  row("tuples, missing arguments and too many", async ({ join, rest }) => {
    const client = await join();
    await rest();
    assert.deepEqual(await ask(client, "tuple", "a", -7, true), [true, -7, "a"]);
    assert.deepEqual(await ask(client, "tuple", "a", 2 ** 53 - 1), [null, 2 ** 53 - 1, "a"]);
    assert.deepEqual(await ask(client, "tuple", "a", 1, null, "and more"), [null, 1, "a"]);
    const [{ error }] = await ask(client, "tuple", "a");
    assert.equal(error.code, "INVALID_ARGUMENTS");
  });

  row("structs", async ({ join, rest }) => {
    const client = await join();
    await rest();
    assert.deepEqual(await ask(client, "typed", { dieSides: 20 }), [{ dieSides: 20 }]);
    const message = "argument 1: invalid value: integer `300`, expected u8";
    assert.deepEqual((await ask(client, "typed", { dieSides: 300 }))[0].error.code, failed("INVALID_ARGUMENTS", message)[0].error.code);
    const [{ error }] = await ask(client, "typed", { dieSides: 6, more: 1 });
    assert.match(error.message, /unknown field `more`/);
  });

  row("JSON as it was written", async ({ name, worker, rest }) => {
    const wire = await openWebSocket(worker.url, `/w/${name}/socket.io/`);
    await connectNamespace(wire);
    await rest();
    const raw = '{ "b":1.50, "a" : [1e2,-0] ,"text":"\\u00e9\\/"}';
    wire.send(`421["raw",${raw}]`);
    await wire.expect(`42["raw",${raw}]`, `431[${raw.length}]`);
    await wire.close();
  }, ["websocket"]);
});
