// Edge cases of Socket.IO that real clients depend on, with raw WebSockets on examples/echo.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Poller, openWebSocket } from "./engine.mjs";
import { assertAnswers, connectNamespace, joinNamespace, openSocketIo } from "./packets.mjs";
import { startWorker } from "./world.mjs";

let worker;
let origin;
let bystander;
before(async () => {
  worker = await startWorker({ example: "echo", vars: { CONNECT_TIMEOUT_MS: "2000" } });
  origin = worker.url;
  bystander = await openSocketIo(origin);
});
after(() => worker?.dispose());

const placeholder = (num) => `{"_placeholder":true,"num":${num}}`;

/** Defines a test: a client in `/` that sends these frames is closed without an answer, and no other client is. */
function closes(name, ...frames) {
  test(`${name} closes the connection`, async () => {
    const wire = await openSocketIo(origin);
    wire.send(...frames);
    await wire.closed();
    assert.deepEqual(wire.received.rest, []);
    await assertAnswers(bystander);
  });
}

/** Defines a test: a client in `/` that sends these frames gets no answer and stays connected. */
function ignores(name, ...frames) {
  test(`${name} is ignored`, async () => {
    const wire = await openSocketIo(origin);
    wire.send(...frames);
    await assertAnswers(wire);
    await wire.close();
  });
}

describe("CONNECT", () => {
  for (const auth of ["[]", '"token"', "null", "true", "{", '{"a":1}x']) {
    test(`with ${auth} closes the connection`, async () => {
      const wire = await openWebSocket(origin, "/socket.io/");
      wire.send(`40${auth}`);
      await wire.closed();
      assert.deepEqual(wire.received.rest, []);
    });
  }

  test("the auth object reaches the server unchanged", async () => {
    const wire = await openWebSocket(origin, "/socket.io/");
    await joinNamespace(wire, "/", { token: "né", nested: { list: [1, null, { a: [] }] } });
    await wire.close();
  });

  test("every namespace has its own random id of 20 characters", async () => {
    const wire = await openWebSocket(origin, "/socket.io/");
    const ids = [wire.handshake.sid, await joinNamespace(wire, "/"), await joinNamespace(wire, "/custom")];
    const other = await openSocketIo(origin);
    ids.push(other.handshake.sid, other.id);
    assert.equal(new Set(ids).size, ids.length, ids.join(" "));
    for (const id of ids) assert.match(id, /^[A-Za-z0-9_-]{20}$/);
    await wire.close();
    await other.close();
  });

  test("an unknown namespace is refused and the connection kept, with and without the trailing comma", async () => {
    const wire = await openWebSocket(origin, "/socket.io/");
    for (const name of ["/x", "/x,", '/x,{"token":"1"}']) {
      wire.send(`40${name}`);
      await wire.expect('44/x,{"message":"Invalid namespace"}');
    }
    await joinNamespace(wire, "/custom");
    await joinNamespace(wire);
    await assertAnswers(wire);
    await wire.close();
  });

  test("only joining a namespace stops the connect timeout", async () => {
    const refused = await openWebSocket(origin, "/socket.io/");
    refused.send("40/x");
    await refused.expect('44/x,{"message":"Invalid namespace"}');
    const joined = await openSocketIo(origin);
    joined.send("41"); // leaving it does not start the timeout again
    await refused.closed();
    const later = await openWebSocket(origin, "/socket.io/");
    await later.closed();
    await joinNamespace(joined);
    await assertAnswers(joined);
    await joined.close();
  });

  test("a polling session that joins nothing ends, too", async () => {
    const poller = await Poller.open(origin, "/socket.io/");
    assert.equal(await poller.take(), "1");
    await poller.assertGone();
  });

  closes("a second CONNECT to a joined namespace", "40");
});

describe("packets out of place", () => {
  closes("an event to a namespace that is not joined", '42/custom,["message",1]');
  closes("an event to an unknown namespace", '42/x,["message",1]');
  closes("an ack to a namespace that is not joined", "43/custom,1[]");
  closes("a DISCONNECT of a namespace that is not joined", "41/custom");

  test("an event before CONNECT closes the connection", async () => {
    const wire = await openWebSocket(origin, "/socket.io/");
    wire.send('42["message",1]');
    await wire.closed();
    assert.deepEqual(wire.received.rest, []);
  });

  test("an event after DISCONNECT closes the connection", async () => {
    const wire = await openSocketIo(origin);
    await joinNamespace(wire, "/custom");
    wire.send("41/custom");
    await assertAnswers(wire);
    wire.send('42/custom,["message",1]');
    await wire.closed();
    assert.deepEqual(wire.received.rest, []);
  });

  test("a namespace that was left can be joined again, under another id", async () => {
    const wire = await openSocketIo(origin);
    wire.send("41");
    const again = await joinNamespace(wire);
    assert.notEqual(again, wire.id);
    await assertAnswers(wire);
    await wire.close();
  });
});

describe("events", () => {
  for (const name of ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"]) {
    closes(`the reserved name ${name}`, `42["${name}"]`);
  }
  closes("a reserved name with an attachment", `451-["disconnect",${placeholder(0)}]`, Buffer.from([1]));
  for (const payload of ["", "[]", "{}", "[null]", '[{"a":1}]', '["message"', '["message"]x']) {
    closes(`the payload ${payload || "(none)"}`, `42${payload}`);
  }
  closes("an unknown packet type", "47");
  closes("a packet without a type", "4");
  ignores("an event without a handler", '42["nobody",1]', '42["connection"]', '42["error"]', "42[1]");
});

describe("acks", () => {
  ignores("an unknown or a repeated id", "431[]", "431[]", '430["x"]', "43999999[]");
  ignores("a binary ack with an unknown id", `461-1[${placeholder(0)}]`, Buffer.from([1]));
});

describe("binary", () => {
  const bytes = Array.from({ length: 11 }, (_, i) => Buffer.from([i, 255 - i]));
  const many = (n) => Array.from({ length: n }, (_, i) => placeholder(i)).join(",");

  test("nested placeholders take their attachments wherever they are", async () => {
    const wire = await openSocketIo(origin);
    const data = `{"deep":{"er":[${placeholder(2)},"text"]},"first":${placeholder(0)}},[[${placeholder(1)}]]`;
    wire.send(`453-7["message-with-ack",${data}]`, ...bytes.slice(0, 3));
    const [head, ...frames] = [await wire.take(), await wire.take(), await wire.take(), await wire.take()];
    assert.ok(head.startsWith("463-7["), head);
    const values = JSON.parse(head.slice("463-7".length), (_, value) => (value?._placeholder === true ? frames[value.num] : value));
    assert.deepEqual(values, [{ deep: { er: [bytes[2], "text"] }, first: bytes[0] }, [[bytes[1]]]]);
    await wire.close();
  });

  test("base64 in a text frame is an attachment as well", async () => {
    const wire = await openSocketIo(origin);
    wire.send(`451-["message",${placeholder(0)}]`, "bAQIDBA==");
    await wire.expect(`451-["message-back",${placeholder(0)}]`, Buffer.from([1, 2, 3, 4]));
    await wire.close();
  });

  test("an empty attachment is accepted", async () => {
    const wire = await openSocketIo(origin);
    wire.send(`451-["message",${placeholder(0)}]`, Buffer.alloc(0));
    await wire.expect(`451-["message-back",${placeholder(0)}]`, Buffer.alloc(0));
    await wire.close();
  });

  test("ten attachments are accepted", async () => {
    const wire = await openSocketIo(origin);
    wire.send(`4510-["message",${many(10)}]`, ...bytes.slice(0, 10));
    await wire.expect(`4510-["message-back",${many(10)}]`, ...bytes.slice(0, 10));
    await wire.close();
  });

  closes("an eleventh attachment", `4511-["message",${many(11)}]`);
  closes("a count of zero", '450-["message"]');
  closes("a missing count", '45-["message"]');
  closes("text between a packet and its attachment", `451-["message",${placeholder(0)}]`, '42["message",1]');
  closes("a stray attachment", Buffer.from([1]));
  closes("an index that is too high", `451-["message",${placeholder(1)}]`, Buffer.from([1]));
  closes("an index below 0", `451-["message",${placeholder(-1)}]`, Buffer.from([1]));
  closes("an index that is no number", '451-["message",{"_placeholder":true,"num":"0"}]', Buffer.from([1]));
});

describe("rooms and namespaces", () => {
  test("an event to a room reaches each other member once, and nobody else", async () => {
    const [sender, member, stranger] = await Promise.all([openSocketIo(origin), openSocketIo(origin), openSocketIo(origin)]);
    const elsewhere = await openWebSocket(origin, "/socket.io/");
    await joinNamespace(elsewhere, "/custom");
    for (const wire of [sender, member]) {
      wire.send('421["join","den","den","nest"]');
      await wire.expect('431["den","den","nest"]');
    }
    elsewhere.send('42/custom,1["join","den"]');
    await elsewhere.expect('43/custom,1["den"]');

    sender.send('422["to","den","hello"]');
    await sender.expect('432["den","hello"]');
    await member.expect('42["said","den","hello"]');
    await Promise.all([assertAnswers(sender), assertAnswers(member), assertAnswers(stranger)]);
    elsewhere.send('42/custom,["message",1]');
    await elsewhere.expect('42/custom,["message-back",1]');

    member.send("41");
    await connectNamespace(member);
    await member.take("the greeting");
    sender.send('423["to","den","again"]');
    await sender.expect('433["den","again"]');
    await assertAnswers(member); // a socket that left is in no room any more
    await Promise.all([sender, member, stranger, elsewhere].map((wire) => wire.close()));
  });

  test("everyone has the room of their own id", async () => {
    const [sender, receiver] = await Promise.all([openSocketIo(origin), openSocketIo(origin)]);
    sender.send(`421["to","${receiver.id}","psst"]`);
    await receiver.expect(`42["said","${receiver.id}","psst"]`);
    await sender.expect(`431["${receiver.id}","psst"]`);
    await Promise.all([sender.close(), receiver.close()]);
  });
});
