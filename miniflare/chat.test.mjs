// examples/chat: its server with the unmodified client, and its page with two users, also with the world hibernated in between.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { launchBrowser } from "./browser.mjs";
import { Clients, ask, heard, upgraded } from "./clients.mjs";
import { LIMIT_MS, until } from "./waiting.mjs";
import { startWorker } from "./world.mjs";

let worker;
let clients;
let browser;
before(async () => {
  worker = await startWorker({ example: "chat", vars: { ALLOWED_ORIGINS: "" } });
  clients = new Clients(worker.url);
  browser = await launchBrowser();
});
afterEach(async () => {
  clients?.closeAll();
  for (const context of browser?.contexts() ?? []) await context.close();
});
after(async () => {
  await browser?.close();
  await worker?.dispose();
});

/** Returns a client in a room, upgraded to WebSocket, because a client that polls keeps the world awake. */
async function enter(world, name, room = "lobby") {
  const socket = await clients.join(world, { auth: { name, key: name.length } });
  await upgraded(socket);
  const [history] = await ask(socket, "enter", room);
  socket.heard.length = 0;
  return { socket, history };
}

/** Hibernates the world: it is evicted from memory, and its sockets stay connected. */
const sleep = (world) => until(() => worker.evict(world), `${world} to fall asleep`);

const said = ({ heard }) => heard.filter(([event]) => event === "said").map(([, message]) => message);
const errorOf = ([answer]) => answer.error.code;

test("a message is acknowledged, sent to its room only, and stored in the history", async () => {
  const [{ socket: anna }, { socket: ben }, { socket: cleo }] = [
    await enter("rooms", "Anna"), await enter("rooms", "Ben"), await enter("rooms", "Cleo", "garden"),
  ];
  const [first] = await ask(anna, "say", " good night ");
  assert.deepEqual([first.from, first.text, typeof first.at], ["Anna", "good night", "number"]);
  await until(() => said(ben).length, "Ben to hear it");

  const boots = worker.boots("rooms");
  await sleep("rooms");
  const [second] = await ask(ben, "say", "good morning");
  assert.equal(worker.boots("rooms"), boots + 1);
  await until(() => said(anna).length, "Anna to hear it");
  assert.deepEqual([said(anna), said(ben), said(cleo)], [[second], [first], []]);

  await sleep("rooms");
  const { history } = await enter("rooms", "Dora");
  assert.deepEqual(history, [first, second]);
  assert.deepEqual((await enter("rooms", "Eve", "garden")).history, []);
});

test("typing reaches the others in the room", async () => {
  const [{ socket: anna }, { socket: ben }, { socket: cleo }] = [
    await enter("typing", "Anna"), await enter("typing", "Ben"), await enter("typing", "Cleo", "garden"),
  ];
  for (const asleep of [false, true]) {
    for (const socket of [anna, ben, cleo]) socket.heard.length = 0;
    if (asleep) await sleep("typing");
    anna.emit("typing");
    assert.deepEqual(await heard(ben, 1), [["typing", "Anna"]]);
    // An acknowledgement arrives after all earlier events, so that there are none.
    await ask(anna, "say", "that");
    await ask(cleo, "say", "this");
    assert.deepEqual([anna.heard, cleo.heard], [[], []]);
  }
});

test("everybody gets the lists of the people in each room", async () => {
  const { socket: anna } = await enter("people", "Anna");
  const ben = await clients.join("people", { auth: { name: "Ben", key: 2 } });
  assert.deepEqual(await heard(ben, 3), [["people", "lobby", ["Anna"]], ["people", "kitchen", []], ["people", "garden", []]]);
  await upgraded(ben);
  await ask(ben, "enter", "lobby");
  await sleep("people");
  await ask(ben, "enter", "garden");
  await sleep("people");
  ben.disconnect();
  const moves = [["lobby", ["Anna", "Ben"]], ["lobby", ["Anna"]], ["garden", ["Ben"]], ["garden", []]];
  assert.deepEqual(await heard(anna, 4), moves.map((move) => ["people", ...move]));
});

test("a name that is taken or invalid is refused with the reason", async () => {
  await enter("names", "Anna");
  const refused = async (auth) => {
    // On a WebSocket: the runtime notices late that a polling client has gone, and until then the world cannot hibernate.
    const options = { auth, transports: ["websocket"] };
    const error = await clients.join("names", options).then(() => assert.fail("let in"), (error) => error);
    return [error.message, error.data];
  };
  for (const asleep of [false, true]) {
    if (asleep) await sleep("names");
    assert.deepEqual(await refused({ name: " anna", key: 99 }), ["Somebody called anna is here already", { code: "NAME_TAKEN" }]);
  }
  assert.deepEqual(await refused({ name: " ", key: 1 }), ["A name cannot be empty", { code: "EMPTY" }]);
  assert.deepEqual(await refused({ name: "x".repeat(25), key: 1 }), ["A name has at most 24 characters, not 25", { code: "TOO_LONG" }]);
  assert.deepEqual(await refused(undefined), ["auth: missing field `name`", { code: "INVALID_ARGUMENTS" }]);
  await enter("names", "Anna"); // another tab of the same user has the same key
});

test("invalid events are acknowledged with an error", async () => {
  const socket = await clients.join("errors", { auth: { name: "Anna", key: 1 } });
  assert.equal(errorOf(await ask(socket, "say", "too early")), "IN_NO_ROOM");
  assert.equal(errorOf(await ask(socket, "enter", "attic")), "NO_SUCH_ROOM");
  await ask(socket, "enter", "lobby");
  assert.equal(errorOf(await ask(socket, "say", " ")), "EMPTY");
  assert.equal(errorOf(await ask(socket, "say", "é".repeat(501))), "TOO_LONG");
  assert.equal(errorOf(await ask(socket, "say", { text: 1 })), "INVALID_ARGUMENTS");
  assert.equal((await ask(socket, "say", "é".repeat(500)))[0].from, "Anna");
});

/** Opens the page in a browser context of its own. */
async function visit(world, hash = "", options = {}) {
  const page = await (await browser.newContext(options)).newPage();
  page.setDefaultTimeout(LIMIT_MS);
  page.problems = [];
  page.on("pageerror", (error) => page.problems.push(error.message));
  page.on("console", (message) => message.type() === "error" && page.problems.push(message.text()));
  // The test cannot reach `io` in the page's module; a frame on a WebSocket shows that the page has stopped polling.
  page.sockets = 0;
  page.on("websocket", (socket) => socket.on("framereceived", () => (page.sockets = 1)));
  await page.goto(`${worker.url}/?world=${world}${hash}`);
  return page;
}

async function comeIn(page, name) {
  await page.getByLabel("Your name").fill(name);
  await page.keyboard.press("Enter");
  await page.waitForSelector("#send:enabled");
}

const say = async (page, text) => {
  await page.getByLabel("Message", { exact: true }).fill(text);
  await page.keyboard.press("Enter");
};
const messages = (page) => page.locator("#messages .message:not(.waiting) .text");
const waitForMessage = (page, text) => messages(page).filter({ hasText: text }).waitFor();

test("two people talk on the page, before and after the world hibernated", async () => {
  const [anna, ben] = [await visit("page"), await visit("page")];
  await comeIn(anna, "Anna");
  await comeIn(ben, "Ben");
  await anna.locator("#people").getByText("Ben").waitFor();
  await say(anna, "Are you there?");
  await waitForMessage(anna, "Are you there?");
  await waitForMessage(ben, "Are you there?");

  await until(() => anna.sockets && ben.sockets, "both pages' WebSockets");
  const boots = worker.boots("page");
  await sleep("page");
  await ben.getByLabel("Message", { exact: true }).pressSequentially("I am");
  await anna.getByText("Ben is typing").waitFor();
  assert.equal(worker.boots("page"), boots + 1);
  assert.equal(await ben.locator("#typing").textContent(), "");
  await sleep("page");
  await ben.keyboard.press("Enter");
  await waitForMessage(anna, "I am");
  await until(async () => (await anna.locator("#typing").textContent()) === "", "the typing to end");

  await anna.reload();
  await waitForMessage(anna, "I am");
  assert.deepEqual(await messages(anna).allTextContents(), ["Are you there?", "I am"]);
  assert.deepEqual([anna.problems, ben.problems], [[], []]);
});

test("the page has rooms", async () => {
  const [anna, ben] = [await visit("page-rooms"), await visit("page-rooms", "#garden")];
  await comeIn(anna, "Anna");
  await comeIn(ben, "Ben");
  await say(ben, "The roses!");
  await waitForMessage(ben, "The roses!");
  await anna.getByRole("link", { name: "garden, 1 person" }).focus();
  await anna.keyboard.press("Enter");
  await waitForMessage(anna, "The roses!");
  await ben.getByRole("link", { name: "garden, 2 people", exact: true }).waitFor();
  assert.equal(await anna.locator("nav [aria-current=page]").innerText(), "# garden\n2");
  await anna.goBack();
  // It is written with a hash, and read without.
  await anna.getByRole("heading", { name: "lobby", exact: true }).getByText("# lobby").waitFor();
  await anna.getByPlaceholder("Say something in # lobby").waitFor();
  assert.deepEqual(await messages(anna).allTextContents(), []);
  assert.deepEqual([anna.problems, ben.problems], [[], []]);
});

test("addresses in messages are links, and nothing else is", async () => {
  const page = await visit("page-links");
  await comeIn(page, "Anna");
  const text = "(see https://example.com/a_(b)?c=d#e). HTTP://EXAMPLE.ORG, <b>http://</b> javascript:alert(1) xhttps://[no \"https://a.example/\u202emoc\"";
  await say(page, text);
  await waitForMessage(page, "javascript:");
  assert.equal(await messages(page).textContent(), text);
  const links = await messages(page).locator("a").evaluateAll((links) => links.map(({ textContent, href, rel, target }) => [textContent, href, rel, target]));
  assert.deepEqual(links, [
    ["https://example.com/a_(b)?c=d#e", "https://example.com/a_(b)?c=d#e"],
    ["HTTP://EXAMPLE.ORG", "http://example.org/"],
    ["https://a.example/", "https://a.example/"],
  ].map((link) => [...link, "noopener noreferrer", "_blank"]));
  assert.equal(await messages(page).locator(":not(a)").count(), 0);
});

test("on a wide screen, the column has 60rem, and few messages are at the bottom", async () => {
  const page = await visit("page-wide", "", { viewport: { width: 1920, height: 1080 } });
  await comeIn(page, "Anna");
  await say(page, "wide ".repeat(80));
  await waitForMessage(page, "wide");
  const boxOf = (selector) => page.locator(selector).boundingBox();
  const [message, list, composer, field] = await Promise.all([".message", "#messages", "#composer", "#text"].map(boxOf));
  assert.equal(message.width, 960);
  assert.equal(field.x, message.x);
  assert.ok(composer.y - (message.y + message.height) < 60, "the message is at the bottom");
  for (let n = 0; n < 30; n++) await say(page, `message ${n}`);
  await waitForMessage(page, "message 29");
  // With many, the first can be reached.
  await page.locator("#messages").evaluate((element) => (element.scrollTop = 0));
  assert.ok((await boxOf(".day")).y >= list.y);
});

test("on a phone, the strip of people fades where it is cut", async () => {
  const page = await visit("page-strip", "", { viewport: { width: 390, height: 844 }, isMobile: true });
  await comeIn(page, "Anna");
  const fades = () => page.locator("#people").evaluate((strip) =>
    ["--before", "--after"].map((end) => Boolean(getComputedStyle(strip).getPropertyValue(end))));
  assert.deepEqual(await fades(), [false, false]);
  for (const name of ["Bartholomew", "Constantine", "Desdemona", "Esmeralda"]) await enter("page-strip", name);
  await page.locator("#people").getByText("Esmeralda").waitFor();
  const scrollTo = (left) => page.locator("#people").evaluate((strip, left) => (strip.scrollLeft = left), left);
  for (const [left, expected] of [[0, [false, true]], [50, [true, true]], [10_000, [true, false]]]) {
    await scrollTo(left);
    await until(async () => String(await fades()) === String(expected), `the ends ${expected} at ${left}`);
  }
});

test("the page shows errors", async () => {
  await enter("page-errors", "Anna");
  const page = await visit("page-errors");
  await page.getByLabel("Your name").fill("anna");
  await page.keyboard.press("Enter");
  await page.getByText("Somebody called anna is here already").waitFor();
  await comeIn(page, "Ben");

  const long = "x".repeat(501);
  await say(page, long);
  await page.getByText("Not sent: A message has at most 500 characters, not 501.").waitFor();
  assert.equal(await page.getByLabel("Message", { exact: true }).inputValue(), long);
  assert.equal(await page.locator("#messages .message").count(), 0);
});

test("the page shows that it is not connected, and reconnects", async (t) => {
  const mortal = await startWorker({ example: "chat" });
  t.after(() => mortal.dispose());
  const page = await (await browser.newContext()).newPage();
  page.setDefaultTimeout(LIMIT_MS);
  await page.goto(mortal.url);
  await comeIn(page, "Anna");
  await page.getByText("Connected").waitFor();
  await mortal.dispose();
  await page.locator("#state[data-state=off]").waitFor();
  assert.equal(await page.locator("#send").isDisabled(), true);
  const again = await startWorker({ example: "chat", port: Number(new URL(mortal.url).port) });
  t.after(() => again.dispose());
  await page.getByText("Connected").waitFor();
  await say(page, "Here I am");
  await waitForMessage(page, "Here I am");
});

test("the page fits a phone, light and dark", async () => {
  const paper = [];
  for (const colorScheme of ["light", "dark"]) {
    const page = await visit("phone", "", { viewport: { width: 360, height: 640 }, isMobile: true, hasTouch: true, colorScheme });
    const fits = () => page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);
    assert.ok(await fits(), "the dialog");
    await comeIn(page, "W".repeat(24));
    const end = `and some more when it is ${colorScheme}`;
    await say(page, `${"Donaudampfschifffahrt".repeat(10)} ${end}`);
    await waitForMessage(page, end);
    assert.ok(await fits(), "the chat");
    paper.push(await page.evaluate(() => getComputedStyle(document.body).backgroundColor));
    await page.context().close();
  }
  assert.notEqual(paper[0], paper[1]);
});

test("the page is served without running the Worker, and only at its own paths", async () => {
  const of = async (path) => {
    const response = await fetch(worker.url + path, { redirect: "manual" });
    await response.arrayBuffer();
    return [response.status, response.headers.get("content-type") ?? response.headers.get("location")];
  };
  const { headers } = await fetch(worker.url);
  assert.match(headers.get("content-security-policy"), /^default-src 'none'; script-src 'self'; .*frame-ancestors 'none'$/);
  assert.deepEqual(["x-content-type-options", "referrer-policy"].map((name) => headers.get(name)), ["nosniff", "no-referrer"]);
  assert.deepEqual(await of("/"), [200, "text/html; charset=utf-8"]);
  assert.deepEqual(await of("/?world=any"), [200, "text/html; charset=utf-8"]);
  assert.deepEqual(await of("/index.html"), [307, "/"]);
  assert.deepEqual(await of("/chat.js"), [200, "text/javascript; charset=utf-8"]);
  assert.equal((await of("/socket.io/"))[0], 400);
  assert.equal((await of("/w/any/socket.io/"))[0], 400);
  assert.equal((await of("/w/any/socket.io/socket.io.min.js"))[0], 200);
  assert.equal((await of("/chat"))[0], 404);
});
