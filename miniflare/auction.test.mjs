// examples/auction: its server with the unmodified client, also with the world hibernated in between, and its page with two bidders.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, afterEach, before, test } from "node:test";
import { launchBrowser } from "./browser.mjs";
import { Clients, ask, upgraded } from "./clients.mjs";
import { request } from "./engine.mjs";
import { LIMIT_MS, until } from "./waiting.mjs";
import { startWorker } from "./world.mjs";

// Long enough for the steps of a test before the hammer falls, and for nothing else.
const ROUND_SECONDS = "6";

let worker, clients, browser, office;
const bills = [];
before(async () => {
  office = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    bills.push({ method: request.method, url: request.url, key: request.headers["idempotency-key"], sale: JSON.parse(body) });
    response.end();
  });
  await new Promise((resolve) => office.listen(0, "127.0.0.1", resolve));
  worker = await startWorker({
    example: "auction",
    vars: {
      ALLOWED_ORIGINS: "",
      TOKEN_SECRET: "a secret of at least thirty-two bytes",
      ROUND_SECONDS,
      OFFICE_URL: `http://127.0.0.1:${office.address().port}/bills`,
    },
    platform: { kvNamespaces: ["HOUSE"] },
  });
  const house = await worker.mf.getKVNamespace("HOUSE");
  await house.put("fee percent", "12");
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
  office?.closeAllConnections();
  office?.close();
});

const login = (name) => request(`${worker.url}/login`, { method: "POST", body: JSON.stringify({ name }) });

/** Returns a client that has signed in, in the room of a lot, and upgraded to WebSocket. */
async function bidder(world, name, lot = "teapot") {
  const client = await clients.join(world, { auth: { token: JSON.parse((await login(name)).body) } });
  await upgraded(client);
  assert.equal((await ask(client, "enter", lot))[0].status, "ok");
  return client;
}

/** Hibernates the world: it is evicted from memory, and its sockets stay connected. */
async function sleep(world) {
  const boots = worker.boots(world);
  await until(() => worker.evict(world), `${world} to fall asleep`);
  return () => assert.equal(worker.boots(world), boots + 1, "it woke once");
}

const all = (client, name) => client.heard.filter(([event]) => event === name).map(([, ...args]) => args);
const bid = async (client, coins) => (await ask(client, "bid", { coins }))[0];
const billed = (lot, name) => until(() => bills.find(({ sale }) => sale.lot === lot && sale.name === name), `a bill for ${name}`);

test("the Worker signs in and tells the lots, without a world", async () => {
  const boots = worker.records.filter(({ message }) => message === "boot").length;
  const [lots, fee] = JSON.parse((await request(`${worker.url}/lots`)).body);
  assert.deepEqual([lots.map(({ id }) => id), fee], [["teapot", "watch", "hat"], 12]);
  const refused = await login("Anna Bell");
  assert.deepEqual([refused.status, JSON.parse(refused.body).error.payload[0].keyword], [400, "alphanumeric"]);
  assert.equal((await login("Anna")).status, 200);
  assert.equal(worker.records.filter(({ message }) => message === "boot").length, boots);
  await assert.rejects(clients.join("closed", { auth: { token: "a.b.c" } }), ({ data }) => data.code === "INVALID_TOKEN");
});

test("two clients bid, the world sleeps between the steps, and the office bills the winner", async () => {
  const world = "bids";
  const anna = await bidder(world, "Anna");
  const ben = await bidder(world, "Ben");
  await until(() => all(anna, "people").at(-1)?.[0].length === 2, "Anna to see Ben");

  const wokeForTheFirst = await sleep(world);
  assert.deepEqual(await bid(anna, 20), { status: "ok", data: 20 });
  wokeForTheFirst();
  const wokeForTheSecond = await sleep(world);
  assert.deepEqual((await bid(ben, 20)).error, { code: "TOO_LOW", message: "Bid 21 coins or more", least: 21 });
  wokeForTheSecond();
  assert.deepEqual(await bid(ben, 50), { status: "ok", data: 50 });
  assert.equal((await bid(ben, 60)).error.code, "HIGHEST");
  assert.equal((await bid(anna, 0)).error.code, "VALIDATION_PAYLOAD_ERROR");
  await until(() => all(anna, "bid").length === 2, "Anna to hear of Ben's bid");
  assert.deepEqual(all(anna, "bid").map(([{ name, coins }]) => [name, coins]), [["Anna", 20], ["Ben", 50]]);

  const wokeForTheHammer = await sleep(world);
  const { method, url, key, sale } = await billed("teapot", "Ben");
  wokeForTheHammer();
  assert.deepEqual([method, url, key], ["POST", "/bills", `bill/teapot/${sale.at}`]);
  assert.deepEqual(sale, { lot: "teapot", at: sale.at, name: "Ben", coins: 50, billed: 56 });
  await until(() => all(anna, "billed").length === 1, "the bill in the room");
  assert.deepEqual([all(ben, "sold"), all(ben, "billed")], [[[{ ...sale, billed: null }]], [[sale]]]);

  await sleep(world);
  const view = (await ask(anna, "enter", "teapot"))[0].data;
  assert.deepEqual([view.bids, view.sales, view.ends], [[], [sale], null]);
  assert.equal(bills.filter((bill) => bill.key === key).length, 1);
});

test("who bids too often is told when to go on", async () => {
  const anna = await bidder("often", "Anna", "hat");
  const answers = await Promise.all(Array.from({ length: 6 }, () => bid(anna, 1)));
  const limited = answers.filter(({ error }) => error.code === "RATE_LIMITED");
  assert.ok(limited.length >= 1 && limited.every(({ error }) => error.retryAfterMs <= 1000), JSON.stringify(answers));
});

/** Opens the page in a browser context of its own, and signs in. */
async function visit(name, hash = "", options) {
  const page = await (await browser.newContext(options)).newPage();
  page.setDefaultTimeout(LIMIT_MS);
  page.problems = [];
  page.on("pageerror", (error) => page.problems.push(error.message));
  // The browser says here what the content security policy forbids. A refused login is a 400, which it says, too.
  page.on("console", (message) => /status of 400/.test(message.text()) || page.problems.push(message.text()));
  await page.goto(`${worker.url}/?world=page${hash}`);
  await page.getByLabel("Your name").fill(name);
  await page.getByRole("button", { name: "Sign in" }).click();
  return page;
}

test("two people bid on the page, light and on a phone", async () => {
  const anna = await visit("Anna", "#watch");
  const ben = await visit("not a name", "#watch", { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, colorScheme: "dark" });
  await ben.getByText("A name has letters and digits only").waitFor();
  await ben.getByLabel("Your name").fill("Ben");
  await ben.getByRole("button", { name: "Sign in" }).click();
  await anna.locator("#people").getByText("Ben").waitFor();

  await anna.getByLabel("Your bid").fill("7");
  await anna.getByRole("button", { name: "Bid 7" }).click();
  await anna.getByText("Bid 50 coins or more").waitFor();
  await anna.getByLabel("Your bid").fill("60");
  await anna.keyboard.press("Enter");
  await ben.locator("#coins").getByText("60").waitFor();
  await ben.getByText("until the hammer falls").or(ben.getByText("going once")).waitFor();
  await ben.getByRole("button", { name: "Bid 61" }).click();
  await anna.locator("#coins").getByText("61").waitFor();
  assert.ok(await ben.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "it fits a phone");

  await until(() => worker.evict("page"), "the world to fall asleep");
  for (const page of [anna, ben]) await page.getByText("Sold to Ben for 61").first().waitFor();
  await anna.getByText("billed 68 with the fee").waitFor();
  // The page remembers who is signed in.
  await anna.reload();
  await anna.locator("#sales").getByText("Sold to Ben for 61").waitFor();
  await anna.getByRole("button", { name: "Sign out" }).click();
  await anna.getByLabel("Your name").waitFor();
  assert.deepEqual([anna.problems, ben.problems], [[], []]);
});
