// Acknowledgements to and from clients: sent, requested, awaited, and missing.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ask, heard } from "./clients.mjs";
import { failed, heardOf, rows, websocket } from "./rows.mjs";
import { until, within } from "./waiting.mjs";

const app = rows();
const { row } = app;

describe("from the server", () => {
  row("a handler's return value is the acknowledgement", async ({ join, rest }) => {
    const client = await join();
    await rest();
    assert.deepEqual(await ask(client, "echo", 1, "two", null), [1, "two", null]);
    await rest();
    assert.deepEqual(await client.emitWithAck("echo", "one"), "one");
    assert.deepEqual(await ask(client, "two"), ["first"], "the first handler that answers");
  });

  row("an error is an acknowledgement, too", async ({ join, rest }) => {
    const client = await join();
    await rest();
    assert.deepEqual(await ask(client, "fail", 7), failed("FAILED", "7 is no good"));
    await rest();
    assert.deepEqual(await ask(client, "fail", "seven"), failed("INVALID_ARGUMENTS", 'argument 1: invalid type: string "seven", expected u8'));
    const [{ error }] = await ask(client, "fail");
    assert.equal(error.code, "INVALID_ARGUMENTS");
  });

  row("an acknowledgement may be sent later, and no other event waits for it", async ({ join, rest }) => {
    const client = await join();
    await rest();
    const later = ask(client, "later", 300, { at: "last" });
    const order = [];
    await Promise.all([later.then(() => order.push("later")), ask(client, "echo", 1).then(() => order.push("echo"))]);
    assert.deepEqual(order, ["echo", "later"]);
    assert.deepEqual(await later, [{ at: "last" }]);
    await rest(); // fails if the world cannot hibernate
    assert.deepEqual(await ask(client, "echo", 2), [2]);
  });

  row("a handler without a return value sends none", async ({ join, rest }) => {
    const client = await join();
    await rest();
    for (const event of ["nothing", "drop the ack"]) {
      await assert.rejects(client.timeout(200).emitWithAck(event), /timed out/);
      await rest();
    }
    assert.deepEqual(await ask(client, "echo", 2), [2]);
  });
});

describe("from the client", () => {
  row("awaited by a handler", async ({ join, rest }) => {
    const client = await join();
    let questions = 0;
    client.on("question", (...args) => args.pop()({ to: args, n: ++questions }));
    for (let n = 1; n <= 3; n++) {
      await rest();
      assert.deepEqual(await ask(client, "ask", "how", n), [{ to: ["how", n], n }]);
      assert.deepEqual((await heardOf(client, "answered", n)).at(-1), [{ to: ["how", n], n }]);
    }
  });

  row("of another client", async ({ join, rest }) => {
    const [asker, other] = [await join(), await join()];
    other.on("question", (question, answer) => setTimeout(() => answer({ question }), 300));
    await rest();
    const asked = ask(asker, "ask another", other.id, "how?");
    await heard(other, 1);
    // While the handler waits, other events are handled, the asker's too.
    assert.deepEqual(await ask(asker, "echo", 1), [1]);
    assert.deepEqual(await asked, [{ question: "how?" }]);
    await rest();
    assert.deepEqual(await ask(asker, "ask another", "A".repeat(20), 1), failed("NOBODY", "nobody has this id"));
  });

  row("not after its timeout", async ({ join, rest }) => {
    const client = await join();
    const late = [];
    client.on("question", (answer) => late.push(answer));
    await rest();
    assert.deepEqual(await ask(client, "ask within", 200), failed("ACK_TIMEOUT", "the client did not acknowledge in time"));
    late[0]("too late");
    await rest(); // nothing waits any more
    assert.deepEqual(await ask(client, "echo", 1), [1]);
    assert.deepEqual(client.reasons, []);
  });

  row("not from a client that left", async ({ join, rest }) => {
    const [asker, other] = [await join(), await join()];
    await rest();
    const asked = ask(asker, "ask another", other.id, "how?");
    await heard(other, 1);
    other.disconnect();
    const [{ error }] = await asked;
    assert.match(error.message, /disconnected before it acknowledged/);
    await rest();
    assert.deepEqual(await ask(asker, "echo", 1), [1]);
  });

  row("from many clients", async ({ join, rest }) => {
    const all = [await join(), await join(), await join()];
    for (const [n, client] of all.entries()) {
      await ask(client, "join", ["crowd"]);
      client.on("question", (question, answer) => answer(`${question} ${n}`));
    }
    const ids = all.map(({ id }) => id);
    const sorted = (pairs) => pairs.sort(([a], [b]) => ids.indexOf(a) - ids.indexOf(b));
    await rest();
    const [{ answers, missing }] = await ask(all[0], "ask all", "crowd", 20_000);
    assert.deepEqual([sorted(answers), missing], [ids.map((id, n) => [id, `all ${n}`]), []]);
    await rest();
    const [others] = await ask(all[0], "ask all else", 20_000);
    assert.deepEqual([sorted(others.answers), others.missing], [ids.slice(1).map((id, n) => [id, `all else ${n + 1}`]), []]);
    await rest();
    assert.deepEqual(await ask(all[0], "ask all", "nobody", 20_000), [{ answers: [], missing: [] }]);
  });

  row("from many clients, some of which do not answer", async ({ join, rest }) => {
    const [quick, silent, leaves, asker] = [await join(), await join(), await join(), await join()];
    for (const client of [quick, silent, leaves]) await ask(client, "join", ["crowd"]);
    quick.on("question", (_, answer) => answer("here"));
    leaves.on("question", () => leaves.disconnect());
    await rest();
    const [{ answers, missing }] = await ask(asker, "ask all", "crowd", 1500);
    assert.deepEqual(answers, [[quick.id, "here"]]);
    assert.equal(missing.length, 2);
    assert.equal(Object.fromEntries(missing)[silent.id], "ACK_TIMEOUT");
    assert.ok(missing.some(([, why]) => why === "DISCONNECTED"));
    await rest();
    assert.deepEqual(await ask(asker, "echo", 1), [1]);
  });
});

describe("a world in which a handler awaits", () => {
  test("stays awake until the acknowledgement, and then hibernates", async () => {
    const world = app.world();
    const client = await world.join();
    let answer;
    client.on("question", (...args) => (answer = args.pop()));
    const asked = ask(client, "ask", 1);
    await until(() => answer, "the question");
    // The runtime does not hibernate the world before the timer of the acknowledgement has ended.
    const evicted = world.worker.evict(world.name).then(() => "evicted");
    answer("at last");
    assert.deepEqual(await asked, ["at last"]);
    assert.equal(world.boots(), 1, "it was awake all the time");
    assert.equal(await within(evicted, "the world to sleep"), "evicted");
    assert.deepEqual(await ask(client, "echo", 1), [1]);
    assert.equal(world.boots(), 2);
  });

  test("hibernates after the timeout, too", async () => {
    const world = app.world();
    const client = await world.join();
    assert.deepEqual(await ask(client, "ask within", 500), failed("ACK_TIMEOUT", "the client did not acknowledge in time"));
    await world.rest();
    assert.deepEqual(await ask(client, "echo", 1), [1]);
    assert.equal(world.boots(), 2);
  });

  test("ignores a late acknowledgement", async () => {
    const world = app.world();
    const [client, other] = [await world.join("/", websocket), await world.join()];
    const late = [];
    client.on("question", (answer) => late.push(answer));
    await ask(client, "ask within", 100);
    await world.rest();
    late[0]("too late");
    assert.deepEqual(await ask(other, "echo", 1), [1]);
    assert.deepEqual(client.reasons, []);
  });
});
