// A page in a real browser: socket.io-client's own bundle, from another origin, with its default options.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import { ROOT } from "../scripts/lib/root.mjs";
import { launchBrowser } from "./browser.mjs";
import { Clients, ask, heard } from "./clients.mjs";
import { LIMIT_MS, until } from "./waiting.mjs";
import { startWorker } from "./world.mjs";

const BUNDLE = readFileSync(join(ROOT, "node_modules/socket.io-client/dist/socket.io.min.js"));

let site;
let browser;
let worker;
let clients;
before(async () => {
  site = createServer((request, response) => {
    const script = request.url === "/socket.io.min.js";
    response.setHeader("content-type", script ? "text/javascript" : "text/html");
    response.end(script ? BUNDLE : '<!doctype html><title>page</title><script src="/socket.io.min.js"></script>');
  });
  await new Promise((resolve) => site.listen(0, "127.0.0.1", resolve));
  // The page has two addresses: the origin with 127.0.0.1 is allowed, the one with localhost is not.
  const allowed = `http://127.0.0.1:${site.address().port}`;
  worker = await startWorker({ vars: { ALLOWED_ORIGINS: allowed } });
  clients = new Clients(worker.url);
  browser = await launchBrowser();
});
afterEach(() => clients?.closeAll());
after(async () => {
  await browser?.close();
  site?.close();
  await worker?.dispose();
});

/** Opens the page under a host name, and starts to connect a client in it. */
async function openPage(host, options = {}) {
  const page = await browser.newPage();
  page.setDefaultTimeout(LIMIT_MS);
  await page.goto(`http://${host}:${site.address().port}/`);
  await page.evaluate(
    ([url, options]) => {
      const hex = (data) => [...new Uint8Array(data)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
      const socket = (window.socket = io(url, { path: "/w/page/socket.io/", ...options }));
      window.seen = { heard: [], reasons: [], errors: [], transports: [] };
      // Recorded when Engine.IO opens: when the namespace is joined, the transport may have been upgraded already.
      socket.io.on("open", () => {
        seen.transports.push(socket.io.engine.transport.name);
        socket.io.engine.on("upgrade", (transport) => seen.transports.push(transport.name));
      });
      socket.on("disconnect", (reason) => seen.reasons.push(reason));
      socket.on("connect_error", (error) => seen.errors.push({ message: error.message, status: error.context?.status ?? null }));
      socket.onAny((event, ...args) => seen.heard.push([event, ...args.map((arg) => (arg instanceof ArrayBuffer ? { hex: hex(arg) } : arg))]));
    },
    [worker.url, options],
  );
  return { page, seen: () => page.evaluate(() => window.seen) };
}

for (const [name, options, transports] of [
  ["default options", {}, ["polling", "websocket"]],
  ["credentials", { withCredentials: true }, ["polling", "websocket"]],
  ["websocket only", { transports: ["websocket"] }, ["websocket"]],
]) {
  test(`a page of an allowed origin and a client in Node receive each other's events: ${name}`, async () => {
    const node = await clients.join("page");
    const { page, seen } = await openPage("127.0.0.1", options);
    await until(async () => (await seen()).transports.length === transports.length, async () => JSON.stringify(await seen()));
    assert.deepEqual((await seen()).transports, transports);

    const acked = await page.evaluate(async () => {
      const answer = await socket.timeout(20_000).emitWithAck("module.page", "né ☃", { raw: new Uint8Array([0, 1, 254, 255]) });
      return { text: answer, is: Object.prototype.toString.call(answer) };
    });
    assert.deepEqual(acked.text, "né ☃");
    assert.deepEqual(await heard(node, 1), [["module.page", "né ☃", { raw: Buffer.from([0, 1, 254, 255]) }]]);

    assert.equal((await ask(node, "system.node", Buffer.from([7, 8, 9]), "text"))[1], "text");
    await until(async () => (await seen()).heard.length, "the page to hear it");
    const { heard: events, reasons, errors } = await seen();
    assert.deepEqual(events, [["system.node", { hex: "070809" }, "text"]]);
    assert.deepEqual([reasons, errors], [[], []]);
    await page.close();
  });
}

test("a page stays connected while the world hibernates", async () => {
  const { page, seen } = await openPage("127.0.0.1");
  await until(async () => (await seen()).transports.includes("websocket"), "the upgrade");
  const boots = worker.boots("page");
  await until(() => worker.evict("page"), "the world to hibernate");
  await page.evaluate(() => socket.timeout(20_000).emitWithAck("module.page", 1));
  assert.equal(worker.boots("page"), boots + 1);
  assert.deepEqual((await seen()).reasons, []);
  await page.close();
});

test("a page that offers subprotocols gets the first one", async () => {
  const { page } = await openPage("127.0.0.1", { transports: ["websocket"], protocols: ["chat.v1", "chat.v2"] });
  await until(() => page.evaluate(() => socket.connected), "the page to connect");
  assert.equal(await page.evaluate(() => socket.io.engine.transport.ws.protocol), "chat.v1");
  await page.close();
});

for (const [name, options] of [["by polling", { transports: ["polling"] }], ["on a WebSocket", { transports: ["websocket"] }]]) {
  test(`a page of another origin gets an error, ${name}`, async () => {
    const { page, seen } = await openPage("localhost", { reconnection: false, ...options });
    await until(async () => (await seen()).errors.length, "connect_error");
    const { errors, transports } = await seen();
    assert.deepEqual(transports, []);
    assert.match(errors[0].message, name === "by polling" ? /xhr poll error/ : /websocket error/);
    await page.close();
  });
}
