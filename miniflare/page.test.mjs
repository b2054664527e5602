// The page at the relay's address, in a browser: two tabs join a world and roll dice, also after it hibernated.

import { deepEqual, doesNotMatch, equal, match, ok } from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { launchBrowser } from "./browser.mjs";
import { LIMIT_MS, until, within } from "./waiting.mjs";
import { startWorker } from "./world.mjs";

const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };

let worker;
let browser;
before(async () => {
  worker = await startWorker({ vars: { ALLOWED_ORIGINS: "" } });
  browser = await launchBrowser("--disable-gpu", "--disable-quic", "--disable-background-networking", "--host-resolver-rules=MAP play.example 127.0.0.1");
});
afterEach(async () => {
  for (const context of browser?.contexts() ?? []) await context.close();
});
after(async () => {
  await browser?.close();
  await worker?.dispose();
});

/** Opens the page in a browser context of its own. */
async function visit(query = "", { hasFakeClock, url = worker.url, ...options } = {}) {
  const page = await (await browser.newContext(options)).newPage();
  page.setDefaultTimeout(LIMIT_MS);
  if (hasFakeClock) await page.clock.install();
  // A client that polls keeps its world awake. With this frame, it has changed to the WebSocket.
  page.upgraded = new Promise((resolve) => page.on("websocket", (socket) => socket.on("framesent", ({ payload }) => payload === "5" && resolve())));
  page.problems = [];
  page.on("pageerror", (error) => page.problems.push(error.message));
  // The browser says here what the content security policy forbids.
  page.on("console", (message) => page.problems.push(message.text()));
  await page.goto(`${url}/${query}`);
  return page;
}

async function join(page, world) {
  await page.getByLabel("World", { exact: true }).fill(world);
  await page.getByRole("button", { name: "Join" }).click();
  await page.waitForSelector("#roll:enabled");
}

const newest = (page) => page.locator("#heard li").first();
const state = (page, text) => page.locator("#state").filter({ hasText: text }).waitFor();

test("two tabs roll dice in a world", async () => {
  const tabs = [await visit(), await visit()];
  for (const tab of tabs) await join(tab, "dice");
  match(await tabs[0].textContent("#code"), /path: "\/w\/dice\/socket\.io\/"/);

  const roll = async (from, to) => {
    await from.click("#roll");
    await newest(from).getByText("You rolled").waitFor();
    await newest(to).getByText("Somebody rolled").waitFor();
    const [sent, heard] = await Promise.all([from, to].map((tab) => newest(tab).locator("b").textContent()));
    equal(heard, sent);
    match(heard, /^([1-9]|1\d|20)$/);
    await from.locator("#life").getByText("Awake").waitFor();
  };
  await roll(tabs[0], tabs[1]);
  for (const tab of tabs) await within(tab.upgraded, "the upgrade");
  await worker.evict("dice");
  await roll(tabs[1], tabs[0]);
  equal(worker.boots("dice"), 2);
  deepEqual(tabs.map((tab) => tab.problems), [[], []]);
});

test("the page shows that the world fell asleep", async () => {
  const page = await visit("?world=drowsy", { hasFakeClock: true });
  await page.locator("#life").getByText("Woken once, by a connection").waitFor();
  await within(page.upgraded, "the upgrade");
  await page.clock.fastForward(10_000);
  await page.locator("#life").getByText("Asleep").waitFor();
  const boots = worker.boots("drowsy");
  await until(() => worker.evict("drowsy"), "the world to hibernate");
  await page.click("#roll");
  await page.locator("#life").getByText("Woken 2 times, last by a message").waitFor();
  await page.getByText("The roll woke the world.").waitFor();
  equal(worker.boots("drowsy"), boots + 1);
});

test("the page has one primary button at a time", async () => {
  const page = await visit();
  const shown = () =>
    page.locator("form button:visible").evaluateAll((buttons) =>
      buttons.map((button) => {
        const isPrimary = button.matches(":enabled") && getComputedStyle(button).backgroundColor !== "rgba(0, 0, 0, 0)";
        return `${button.textContent}${isPrimary ? " (primary)" : button.disabled ? " (disabled)" : ""}`;
      }),
    );
  const away = ["Join (primary)", "Roll a d20 (disabled)"];
  deepEqual(await shown(), away);
  await page.getByLabel("World", { exact: true }).fill("buttons");
  await page.keyboard.press("Enter");
  await state(page, "You are in buttons.");
  await page.locator("h1").hover();
  deepEqual(await shown(), ["Joined ✓ (disabled)", "Leave", "Roll a d20 (primary)"]);
  // With the keyboard alone.
  equal(await page.evaluate(() => document.activeElement.id), "roll");
  await page.keyboard.press("Enter");
  await newest(page).getByText("You rolled").waitFor();
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Enter");
  await state(page, "Not joined.");
  deepEqual(await shown(), away);
  equal(await page.evaluate(() => document.activeElement.id), "join");
});

test("the page says what is wrong with a world's name", async () => {
  const page = await visit();
  match(await page.getByLabel("World", { exact: true }).getAttribute("title"), /^1 to 64 letters/);
  for (const [name, wrong] of [
    ["mein wält", "Spaces and “ä” cannot be in a world’s name. Use 1 to 64 letters (A–Z, a–z), digits, - and _."],
    ["<w orld>", "“<”, spaces, and “>” cannot be in a world’s name. Use 1 to 64 letters (A–Z, a–z), digits, - and _."],
    ["x".repeat(65), "This name has 65 characters. Use 1 to 64 letters (A–Z, a–z), digits, - and _."],
    ["", "The world needs a name. Use 1 to 64 letters (A–Z, a–z), digits, - and _."],
  ]) {
    await page.getByLabel("World", { exact: true }).fill(name);
    await page.getByRole("button", { name: "Join" }).click();
    equal(await page.getByRole("alert").textContent(), wrong);
    equal(await page.locator("#world[aria-invalid=true]:focus").count(), 1);
    equal(await page.locator("body").getAttribute("data-state"), "away");
    match(await page.textContent("#code"), /"\/w\/[\w-]{1,64}\/socket\.io\/"/);
  }
  await join(page, "x".repeat(64));
  equal(await page.getByRole("alert").textContent(), "");
});

test("the whole code is shown and copied", async () => {
  const page = await visit("", { ...PHONE, permissions: ["clipboard-read", "clipboard-write"] });
  await page.getByLabel("World", { exact: true }).fill("y".repeat(64));
  await page.getByRole("button", { name: "Copy" }).click();
  await page.getByRole("button", { name: "Copied" }).waitFor();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  equal(copied, await page.textContent("#code"));
  match(copied, /^import \{ io \} from "socket\.io-client";\n[^]*y{64}[^]*\{ d20: 17 \}\);\n$/);
  ok(await page.locator("pre").evaluate((pre) => pre.scrollWidth <= pre.clientWidth), "it is cut");
});

test("the page fits a phone, and disabled buttons can be read, light and dark", async () => {
  const paper = [];
  for (const colorScheme of ["light", "dark"]) {
    const page = await visit("", { ...PHONE, colorScheme });
    const contrast = () => page.locator("button:disabled").evaluateAll((buttons) => buttons.map((button) => {
      const rgb = (colour) => colour.match(/[\d.]+/g).map(Number);
      const luminance = ([red, green, blue]) => [red, green, blue].map((of) => of / 255)
        .map((of) => (of <= 0.04045 ? of / 12.92 : ((of + 0.055) / 1.055) ** 2.4))
        .reduce((sum, of, n) => sum + of * [0.2126, 0.7152, 0.0722][n], 0);
      let behind = button;
      while (rgb(getComputedStyle(behind).backgroundColor)[3] === 0) behind = behind.parentElement;
      const { color, opacity } = getComputedStyle(button);
      const back = rgb(getComputedStyle(behind).backgroundColor);
      const ink = rgb(color).map((of, n) => of * opacity + back[n] * (1 - opacity));
      const [light, dark] = [luminance(ink), luminance(back)].sort((a, b) => b - a);
      return (light + 0.05) / (dark + 0.05);
    }));
    const widths = await page.locator("#world, #join, #roll").evaluateAll((controls) => controls.map((control) => control.offsetWidth));
    deepEqual(widths, Array(3).fill(await page.locator("form").evaluate((form) => form.offsetWidth)));
    await page.locator("#world").fill("W".repeat(64));
    for (const step of ["away", "joined"]) {
      if (step === "joined") await join(page, "W".repeat(64));
      ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), step);
      const found = await contrast();
      ok(found.length && Math.min(...found) >= 4.5, `${step}, ${colorScheme}: ${found}`);
    }
    paper.push(await page.evaluate(() => getComputedStyle(document.body).backgroundColor));
    deepEqual(page.problems, []);
  }
  ok(paper[0] !== paper[1], paper[0]);
});

test("the page shows that it is not connected, and reconnects", async (t) => {
  const mortal = await startWorker();
  t.after(() => mortal.dispose());
  const page = await visit("?world=mortal", { url: mortal.url });
  await state(page, "You are in mortal.");
  await mortal.dispose();
  await state(page, "Trying again…");
  equal(await page.locator("#roll").isDisabled(), true);
  equal(await page.locator("#life").isVisible(), false);
  const again = await startWorker({ port: Number(new URL(mortal.url).port) });
  t.after(() => again.dispose());
  await state(page, "You are in mortal.");
});

test("the page shows why the server refuses it", async () => {
  const page = await visit("?world=refused", { url: `http://play.example:${new URL(worker.url).port}` });
  await state(page, "The server refuses: The origin http://play.example");
  match(await page.textContent("#state"), /OWN_ORIGINS/);
  equal(await page.locator("#join").isEnabled(), true);
});

test("the page runs nothing but its own files, and is shown in no frame", async () => {
  for (const path of ["/", "/relay.js", "/relay.css", "/dormouse.svg", "/socket.io/socket.io.min.js"]) {
    const { status, headers } = await fetch(worker.url + path);
    equal(status, 200, path);
    equal(headers.get("x-content-type-options"), "nosniff", path);
    equal(headers.get("referrer-policy"), "no-referrer", path);
    equal(headers.get("access-control-allow-origin"), "*", path);
    const policy = headers.get("content-security-policy");
    for (const directive of ["default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"]) {
      ok(policy.split("; ").includes(directive), `${path}: ${directive} is not in ${policy}`);
    }
    doesNotMatch(policy, /unsafe/, path);
  }

  const page = await visit();
  const linked = await page.locator("a[href^='/'], link[href]").evaluateAll((links) => links.map(({ href }) => href));
  ok(linked.length > 2, linked.join());
  for (const href of linked) equal((await fetch(href)).status, 200, href);
  // What an attacker could insert, if a text were shown as HTML.
  await page.evaluate(() => (document.querySelector("#heard").innerHTML = '<img src="x:" onerror="window.ran = true"><style>main { display: none }</style>'));
  await page.waitForFunction(() => document.querySelector("#heard img").complete);
  equal(await page.evaluate(() => window.ran), undefined);
  equal(await page.isVisible("main"), true);
  ok(page.problems.some((text) => text.includes("Content Security Policy")), page.problems.join());
});
