// What is under way and is nobody's yet, or no more: bodies that arrive, responses that are not read, and what closed clients do not
// read. It is memory that all worlds of an isolate share.

import assert from "node:assert/strict";
import { connect } from "node:net";
import { after, before, test } from "node:test";
import { Poller, openWebSocket, request } from "./engine.mjs";
import { connectNamespace } from "./packets.mjs";
import { until, within } from "./waiting.mjs";
import { startWorker } from "./world.mjs";

const ADMIN_KEY = "correct-horse-battery-staple";
// `MAX_BODIES_BYTES` is 16 MB.
const LONG = 900_000;

let worker;
before(async () => (worker = await startWorker({ vars: { ADMIN_KEY } })));
after(() => worker?.dispose());

/** A request whose body and response are under way as long as the test wants. */
class Held {
  constructor(url, { method = "GET", headers = {}, body = "", length } = {}) {
    const { hostname, port, pathname, search, host } = new URL(url);
    this.answer = "";
    this.socket = connect(Number(port), hostname);
    this.socket.on("error", () => {});
    this.socket.on("data", (data) => (this.answer += data.toString("latin1")));
    this.isOver = false;
    this.socket.on("close", () => (this.isOver = true));
    const lines = [`${method} ${pathname}${search} HTTP/1.1`, `host: ${host}`, ...Object.entries(headers).map((header) => header.join(": "))];
    if (length !== undefined) lines.push("content-type: text/plain", `content-length: ${length}`);
    this.socket.write(`${lines.join("\r\n")}\r\n\r\n${body}`);
  }

  get status() {
    return this.answer.slice(9, 12);
  }
}

async function join(world, at = worker) {
  const wire = await openWebSocket(at.url, `/w/${world}/socket.io/`);
  await connectNamespace(wire);
  return wire;
}

async function poll(world, at = worker) {
  const poller = await Poller.open(at.url, `/w/${world}/socket.io/`);
  await poller.send("40");
  assert.match(await poller.take(), /^40\{/);
  return poller;
}

test("bodies that do not end, of many worlds, are dropped beyond a bound, and small ones arrive", async () => {
  const body = `42["module.long","${"x".repeat(LONG)}`;
  const held = [];
  for (let n = 0; n < 40; n++) {
    const poller = await poll(`bodies-${n % 4}`);
    held.push({ poller, post: new Held(poller.url(), { method: "POST", body, length: body.length + 2 }) });
  }
  const refused = () => held.filter(({ post }) => post.status === "413");
  // 8 MB of them are kept.
  await until(() => refused().length >= 30, () => `bodies to be dropped: ${refused().length} of 40`);
  assert.ok(refused().length < 34, `${refused().length} of 40 are dropped`);
  for (const { poller } of refused()) await poller.assertGone();
  assert.ok(worker.logs.some((line) => /no memory for the body/.test(line)));
  // Nobody waits for those who hold the rest.
  const small = await poll("bodies-small");
  await small.send('421["module.small"]');
  assert.equal(await small.take(), "431[]");
  const left = held.filter(({ post }) => post.status === "");
  for (const { post } of left) post.socket.write('"]');
  await until(() => left.every(({ post }) => post.status === "200"), () => `${left.map(({ post }) => post.status)}`);
  for (const { post } of held) post.socket.destroy();
});

test("so is the body of another request", async () => {
  const headers = { authorization: `Bearer ${ADMIN_KEY}` };
  const body = "x".repeat(LONG);
  const calls = Array.from({ length: 30 }, (_, n) => new Held(`${worker.url}/api/worlds/calls-${n % 3}/emit`, { method: "POST", headers, body, length: LONG + 1 }));
  const refused = () => calls.filter(({ status }) => status === "503");
  await until(() => refused().length >= 10, () => `${calls.map(({ status }) => status)}`);
  assert.match(refused()[0].answer, /"BUSY"/);
  for (const { socket } of calls) socket.destroy();
  const { status } = await request(`${worker.url}/api/worlds/calls-0/emit`, { method: "POST", headers, body: '{"event":"a","args":[]}' });
  assert.equal(status, 200);
});

// One packet, and so one response: more than the kernel buffers for a client that does not read, which is about 4 MB.
const PICTURE = `421["module.picture","${"x".repeat(7_900_000)}"]`;

/** Shows the picture to all others; resolves when the world has sent it to them. */
async function show(sender) {
  sender.send(PICTURE);
  assert.equal((await sender.take()).slice(0, 3), "431");
}

/** Begins a GET of a session for which something waits; only the beginning of the response is read. */
async function hold(poller) {
  const get = new Held(poller.url());
  get.socket.once("data", () => get.socket.pause());
  await until(() => get.answer || get.isOver, "a response to begin");
  return get;
}

/** Reads what is left of a response; returns how many bytes of its body are missing, or all if there is no head. */
async function missing(get) {
  const promised = () => Number(/content-length: (\d+)/i.exec(get.answer)?.[1] ?? PICTURE.length);
  const arrived = () => get.answer.length - get.answer.indexOf("\r\n\r\n") - 4;
  get.socket.resume();
  await until(() => get.isOver || arrived() === promised(), "the end of a response");
  get.socket.destroy();
  return promised() - arrived();
}

test("a response that its client does not read is cut off when its session gets the next one", async (t) => {
  const large = await startWorker({ vars: { MAX_PAYLOAD_BYTES: "8000000" } });
  t.after(() => large.dispose());
  const [sender, poller] = await Promise.all([join("unread", large), poll("unread", large)]);
  const gets = [];
  for (let n = 0; n < 2; n++) {
    await show(sender);
    gets.push(await hold(poller));
  }
  const [first, second] = gets;
  assert.ok((await missing(first)) > 0, "the first response is whole");
  assert.equal(await missing(second), 0);
  sender.send('42["module.next"]');
  assert.equal(await poller.take(), '42["module.next"]');
  await sender.close();
});

test("responses that are not read end the sessions that owe most, and are cut off with them", async () => {
  const small = await startWorker({ vars: { ISOLATE_BYTES: "20000000", MAX_PAYLOAD_BYTES: "8000000" } });
  try {
    const sender = await join("owing", small);
    const pollers = await Promise.all(Array.from({ length: 5 }, () => poll("owing", small)));
    await show(sender);
    const gets = await Promise.all(pollers.map(hold));
    sender.send('428["module.behind"]');
    await sender.expect("438[]");
    await until(() => small.logs.filter((line) => /short of memory/.test(line)).length >= 3, "sessions to be closed");
    sender.send('429["module.after"]');
    await sender.expect("439[]");
    const all = await Promise.all(gets.map(missing));
    // Some sessions may be closed before their clients ask.
    const whole = gets.filter(({ status }, n) => status === "200" && all[n] === 0).length;
    assert.equal(whole, 2, `missing: ${all}`);
    assert.ok(all.some((bytes) => bytes > 0), "none is cut off");
    await sender.close();
  } finally {
    await small.dispose();
  }
});

test("an object whose closed clients do not read ends, and its clients connect again", async () => {
  // One client may be closed with 32 MB, which is more than there is.
  const large = await startWorker({ vars: { MAX_BUFFERED_BYTES: "2000000", ISOLATE_BYTES: "26000000", MAX_QUEUED_BYTES_PER_SECOND: "1000000000" } });
  try {
    const [sender, slow, neighbour] = await Promise.all([join("closing", large), join("closing", large), join("other", large)]);
    slow.ws.pause();
    const chunk = Buffer.alloc(500_000, 1);
    let isOpen = true;
    sender.closing.then(() => (isOpen = false));
    for (let n = 0; n < 200 && isOpen; n++) {
      sender.send(`451-${n}["module.flood",{"_placeholder":true,"num":0}]`, chunk);
      await sender.take().then(() => sender.take()).catch(() => {});
    }
    await within(sender.closing, "the end of the object");
    assert.ok(large.logs.some((line) => /it aborts/.test(line)));
    const again = await join("closing", large);
    for (const wire of [again, neighbour]) {
      wire.send('421["module.after"]');
      await wire.expect("431[]");
      await wire.close();
    }
    assert.equal(large.boots("closing"), 2);
    assert.equal(large.boots("other"), 1);
    slow.ws.terminate();
  } finally {
    await large.dispose();
  }
});
