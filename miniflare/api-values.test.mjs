// Kinds of arguments: typed values, binary inside, JSON that passes through unparsed.

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

  row("half an emoji", async ({ join, rest }) => {
    const half = "hello 😀".slice(0, 7);
    const [client, other] = [await join("/", { auth: { half } }), await join()];
    await rest();
    assert.deepEqual(await ask(client, "tuple", half, 1), [null, 1, "hello \ufffd"]);
    assert.deepEqual(await ask(client, "echo", half, bytes(1)), [half, bytes(1)]);
    await rest();
    client.emit("everybody else", half, { [half]: bytes(2) });
    assert.deepEqual(await heardOf(other, "said"), [[half, { [half]: bytes(2) }]]);
    await rest();
    client.emit(half, 1); // no handler for it
    assert.deepEqual(await ask(client, "echo", half), [half]);
    assert.deepEqual(client.reasons, []);
  });

  row("nested 2,000 deep, with an attachment and without", async ({ join, rest }) => {
    const nest = (value, levels) => Array.from({ length: levels }).reduce((inner) => ({ inner }), value);
    const unnest = (value, levels) => Array.from({ length: levels }).reduce((outer) => outer.inner, value);
    const [client, other] = [await join(), await join()];
    for (const [n, value] of [bytes(1, 2), "text"].entries()) {
      await rest();
      const [echoed] = await ask(client, "echo", nest(value, 2_000));
      assert.deepEqual(unnest(echoed, 2_000), value);
      await rest();
      client.emit("everybody else", nest(value, 2_000));
      const [said] = (await heardOf(other, "said", n + 1)).at(-1);
      assert.deepEqual(unnest(said, 2_000), value);
      // A handler that parses it fails, for this one event.
      await rest();
      const [{ error }] = await ask(client, "typed", nest(value, 2_000));
      assert.equal(error.code, "INVALID_ARGUMENTS");
    }
    assert.deepEqual([client.reasons, other.reasons], [[], []]);
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
