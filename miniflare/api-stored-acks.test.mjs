// Acknowledgements that outlive hibernation: the handler that `ack_to` names is called in the woken world, with the client's
// acknowledgement or with the reason why there is none.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { ask } from "./clients.mjs";
import { failed, heardOf, rows } from "./rows.mjs";
import { until } from "./waiting.mjs";

// With a ping interval of 10 s or more, only the alarm wakes the world; in 11 s it has the time to hibernate in between.
const app = rows({ PING_INTERVAL_MS: "11000", PING_TIMEOUT_MS: "5000" });
const { row } = app;

/** Makes the client keep its acknowledgements; returns the list of functions that send them. */
function thinking(client) {
  const answers = [];
  client.on("question", (question, answer) => answers.push((value) => answer(value ?? question)));
  return answers;
}

describe("an acknowledgement by ack_to", () => {
  row("reaches the handler, with its context", async ({ join, watch, rest }) => {
    const watcher = await watch();
    const client = await join();
    const answers = thinking(client);
    await rest();
    assert.deepEqual(await ask(client, "ask by reply", "how?", { kept: [1] }, null), ["asked"]);
    await until(() => answers.length, "the question");
    await rest();
    answers[0]({ fine: true });
    assert.deepEqual(await heardOf(watcher, "reply"), [[client.id, { answer: { fine: true } }, { kept: [1] }]]);
    await rest();
    answers[0]("again"); // a client acknowledges once; a second acknowledgement is ignored
    assert.deepEqual(await ask(client, "echo", 1), [1]);
    assert.equal(watcher.heard.length, 1);
  });

  row("is distinguished from others that are pending", async ({ join, watch, rest }) => {
    const watcher = await watch();
    const clients = [await join(), await join()];
    const all = clients.map(thinking);
    for (const [n, client] of clients.entries()) {
      for (const m of [0, 1, 2]) await ask(client, "ask by reply", "?", [n, m], null);
    }
    await until(() => all.every((answers) => answers.length === 3), "the questions");
    const order = [[1, 2], [0, 0], [1, 0], [0, 2], [0, 1], [1, 1]];
    for (const [n, m] of order) {
      await rest();
      all[n][m](`answer ${n} ${m}`);
    }
    const wanted = order.map(([n, m]) => [clients[n].id, { answer: `answer ${n} ${m}` }, [n, m]]);
    assert.deepEqual((await heardOf(watcher, "reply", 6)).sort(), wanted.sort());
  });

  row("comes from every socket in a room", async ({ join, watch, rest }) => {
    const watcher = await watch();
    const clients = [await join(), await join(), await join()];
    for (const client of clients.slice(0, 2)) await ask(client, "join", ["asked"]);
    const all = clients.map(thinking);
    await rest();
    await ask(clients[2], "ask room by reply", "asked", "context");
    await until(() => all[0].length && all[1].length, "the questions");
    for (const n of [1, 0]) {
      await rest();
      all[n][0](`answer ${n}`);
      const [id, answer, context] = (await heardOf(watcher, "reply", 2 - n)).at(-1);
      assert.deepEqual([id, answer, context], [clients[n].id, { answer: `answer ${n}` }, "context"]);
    }
    assert.equal(all[2].length, 0);
  });

  row("fails when the client disconnects", async ({ join, watch, rest }) => {
    const watcher = await watch();
    const client = await join();
    const answers = thinking(client);
    await ask(client, "ask by reply", "?", "kept", null);
    await until(() => answers.length, "the question");
    const { id } = client;
    await rest();
    client.disconnect();
    assert.deepEqual(await heardOf(watcher, "reply"), [[id, { none: "DISCONNECTED" }, "kept"]]);
  });

  row("fails as BUSY if a hundred are pending", async ({ join, watch, rest }) => {
    const watcher = await watch();
    const client = await join();
    await rest();
    for (let n = 0; n <= 100; n++) assert.deepEqual(await ask(client, "ask by reply", "?", n, null), ["asked"]);
    assert.deepEqual(await heardOf(watcher, "reply"), [[client.id, { none: "BUSY" }, 100]]);
  });

  row("refuses a context that is too long", async ({ join, rest }) => {
    const client = await join();
    await rest();
    const message = "the context of `ack_to` cannot be kept: it has 5002 bytes, and may have 4096";
    assert.deepEqual(await ask(client, "ask by reply", "?", "x".repeat(5000), null), failed("INVALID_CONTEXT", message));
  });
});

// Concurrent, because these tests mostly wait. None evicts a world that something keeps awake: that would block all of them.
describe("time", { concurrency: true }, () => {
  for (const asleep of [false, true]) {
    test(`a deadline is kept, ${asleep ? "asleep: the alarm wakes the world for it" : "awake"}`, async () => {
      const world = app.world("websocket", asleep);
      const watcher = await world.watch();
      const client = await world.join();
      const answers = thinking(client);
      await ask(client, "ask by reply", "?", { kept: "long" }, 60_000);
      await ask(client, "ask by reply", "?", { kept: "short" }, 2000);
      await until(() => answers.length === 2, "the questions");
      await world.rest();
      assert.deepEqual(await heardOf(watcher, "reply"), [[client.id, { none: "ACK_TIMEOUT" }, { kept: "short" }]]);
      assert.equal(world.boots(), asleep ? 2 : 1);
      await world.rest();
      answers[1]("too late");
      answers[0]("in time");
      assert.deepEqual((await heardOf(watcher, "reply", 2)).at(-1), [client.id, { answer: "in time" }, { kept: "long" }]);
      assert.deepEqual(client.reasons, []);
    });
  }

  test("an acknowledgement after natural hibernation, after ten idle seconds or more", async () => {
    const world = app.world();
    const watcher = await world.watch();
    const client = await world.join();
    const answers = thinking(client);
    await ask(client, "ask by reply", "?", { kept: "all night" }, null);
    await until(() => answers.length, "the question");
    for (let n = 0; world.boots() < 2; n++) {
      assert.ok(n < 5, "it never slept");
      await sleep(12_000); // a ping or two wake it in the meantime, and it hibernates again
    }
    answers[0]("good morning");
    assert.deepEqual(await heardOf(watcher, "reply"), [[client.id, { answer: "good morning" }, { kept: "all night" }]]);
    assert.deepEqual([...client.reasons, ...watcher.reasons], []);
  });
});
