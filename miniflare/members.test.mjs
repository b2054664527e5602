// A login by HTTP in a real browser, whose session a WebSocket has; tokens that expire; and schemas, checked in the real runtime.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { launchBrowser } from "./browser.mjs";
import { Clients, ask, upgraded } from "./clients.mjs";
import { request } from "./engine.mjs";
import { LIMIT_MS, until } from "./waiting.mjs";
import { startWorker } from "./world.mjs";

const UNAUTHORIZED = { status: "error", error: { statusCode: 401, statusMessage: "UNAUTHORIZED" } };

let worker, clients, browser;
before(async () => {
  worker = await startWorker({ example: "members", vars: { TOKEN_SECRET: "a secret of at least thirty-two bytes" } });
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

const nap = (world) => until(() => worker.evict(world), `${world} to fall asleep`);

/** Opens the page of a world; with `context`, in the browser of another page. */
async function visit(world, context) {
  const page = await (context ?? (await browser.newContext())).newPage();
  page.setDefaultTimeout(LIMIT_MS);
  await page.goto(`${worker.url}/?world=${world}`);
  return page;
}

async function logIn(page, name) {
  await page.getByLabel("Your name").fill(name);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("status").getByText(`You are ${name}`).waitFor();
}

const connect = (page, auth) => page.evaluate((auth) => window.connect(auth), auth);
const whoAmI = (page) => page.evaluate(() => ask("who am I"));
const post = (page, path, body, headers) =>
  page.evaluate(async (args) => (await send(...args)).status, [path, body, headers]);

for (const asleep of [false, true]) {
  const when = asleep ? "hibernated" : "awake";
  const step = (world) => asleep && nap(world);

  test(`a login by HTTP opens a session that the browser's WebSocket has, ${when}`, async () => {
    const world = `login-${when}`;
    const page = await visit(world);
    assert.equal(await connect(page), "connected", "without a session, there is no user");
    assert.deepEqual(await whoAmI(page), UNAUTHORIZED);

    await logIn(page, "Anna");
    const cookies = await page.context().cookies();
    assert.deepEqual(
      cookies.map(({ name, httpOnly, secure, sameSite }) => [name, httpOnly, secure, sameSite]).sort(),
      [[`XSRF-Token-${world}`, false, true, "Lax"], [`sessionID-${world}`, true, true, "Lax"]],
    );
    assert.doesNotMatch(await page.evaluate(() => document.cookie), /sessionID/);

    await page.waitForFunction(() => socket.io.engine.transport.name === "websocket");
    await step(world);
    assert.deepEqual(await whoAmI(page), { status: "ok", data: "Anna" });
    // A new connection has the session as well.
    await step(world);
    assert.equal(await page.evaluate(() => connect({ csrfToken: csrfToken() })), "connected");
    assert.deepEqual(await whoAmI(page), { status: "ok", data: "Anna" });
    // At another world, the same browser is a visitor, and a login there is another one.
    const elsewhere = await visit(`${world}-2`, page.context());
    assert.equal(await connect(elsewhere), "connected");
    assert.deepEqual(await whoAmI(elsewhere), UNAUTHORIZED);
    await logIn(elsewhere, "Ben");
    await step(world);
    assert.deepEqual(await whoAmI(page), { status: "ok", data: "Anna" });
    // A visitor of another browser has none.
    const other = await visit(world);
    await connect(other);
    assert.deepEqual(await whoAmI(other), UNAUTHORIZED);
  });

  test(`without the CSRF token, neither a handshake nor a request has the session, ${when}`, async () => {
    const world = `csrf-${when}`;
    const page = await visit(world);
    await logIn(page, "Anna");
    const csrf = await page.evaluate(() => csrfToken());

    await step(world);
    const forged = { statusCode: 403, statusMessage: "FORBIDDEN", body: "CSRF token missing or incorrect." };
    for (const auth of [undefined, { csrfToken: "x".repeat(43) }]) assert.deepEqual(await connect(page, auth), forged);
    await step(world);
    assert.equal(await post(page, "/rename", "Mallory"), 403);
    assert.equal(await post(page, "/rename", "Ben", { "x-csrf-token": csrf }), 204);
    await step(world);
    assert.equal(await connect(page, { csrfToken: csrf }), "connected");
    assert.deepEqual(await whoAmI(page), { status: "ok", data: "Ben" });

    // Another page of the same browser logs out: the WebSocket that is open has no session any more.
    const tab = await visit(world, page.context());
    assert.equal(await post(tab, "/logout", null, { "x-csrf-token": csrf }), 204);
    await step(world);
    const ended = { code: "invalid_token", description: "token invalid or expired" };
    assert.deepEqual((await whoAmI(page)).error.body, ended);
    assert.deepEqual(await whoAmI(page), UNAUTHORIZED);
    assert.deepEqual(await page.context().cookies(), []);
  });

  test(`a connection ends with its token, and a newer token is one of the same client, ${when}`, async () => {
    const world = `passes-${when}`;
    const token = async (...claims) => (await request(`${worker.url}/pass`, { method: "POST", body: JSON.stringify(claims) })).body;
    const join = async (name, seconds) => {
      const client = await clients.join(world, { namespace: "/passes", auth: { token: await token(name, seconds) } });
      await upgraded(client);
      return client;
    };
    await assert.rejects(clients.join(world, { namespace: "/passes" }), ({ data }) => data.code === "INVALID_TOKEN");
    const anna = await join("anna", 60);
    const ben = await join("ben", 4);
    await step(world);
    assert.equal((await ask(anna, "renew", await token("ben", 3600)))[0].error.code, "INVALID_TOKEN");
    assert.deepEqual(await ask(anna, "renew", await token("anna", 3600)), [true]);
    await step(world);
    await until(() => ben.reasons.length, "the end of the token");
    assert.deepEqual([ben.reasons, ben.connected, anna.connected], [["io server disconnect"], false, true]);
    await step(world);
    assert.deepEqual(await ask(anna, "whose"), ["anna"]);
  });

  test(`a schema is checked, with the runtime's own RegExp, ${when}`, async () => {
    const world = `schemas-${when}`;
    const client = await clients.join(world, { namespace: "/schemas" });
    await upgraded(client);
    const check = async (value) => {
      await step(world);
      return (await ask(client, "check", value))[0];
    };
    assert.deepEqual(await check({ name: "Änna", coins: "7", more: 1 }), { status: "ok", data: { name: "Änna", coins: 7, in: "lobby" } });
    for (const [value, keyword, path] of [[{ name: "anna" }, "pattern", "/name"], [{ name: "Änna", coins: 0 }, "minimum", "/coins"]]) {
      const { code, payload } = (await check(value)).error;
      assert.deepEqual([code, payload[0].keyword, payload[0].instancePath], ["VALIDATION_PAYLOAD_ERROR", keyword, path]);
    }
  });
}
