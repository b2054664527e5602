// The page at the relay's address, in a browser: two tabs join a world and roll dice, also after it hibernated.

import { doesNotMatch, equal, match, ok } from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { chromium } from "playwright-core";
import { NO_CHROMIUM, chromiumPath } from "../scripts/lib/chromium.mjs";
import { startWorker } from "./world.mjs";

test("two tabs roll dice in a world", async (t) => {
  const executablePath = chromiumPath();
  equal(Boolean(executablePath) && existsSync(executablePath), true, NO_CHROMIUM);
  const worker = await startWorker();
  t.after(() => worker.dispose());
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"] });
  t.after(() => browser.close());
  const tabs = [await browser.newPage(), await browser.newPage()];
  const problems = [];
  for (const tab of tabs) {
    tab.on("pageerror", (error) => problems.push(error.message));
    // The browser says here what the content security policy forbids.
    tab.on("console", (message) => problems.push(message.text()));
    await tab.goto(worker.url);
    await tab.fill("#world", "dice");
    await tab.click("#join");
    await tab.waitForSelector("#roll:enabled");
  }
  match(await tabs[0].textContent("#code"), /path: "\/w\/dice\/socket\.io\/"/);

  const roll = async (from, to) => {
    await from.click("#roll");
    await from.waitForFunction(() => document.querySelector("output div").textContent.includes("You rolled"));
    await to.waitForFunction(() => document.querySelector("output div").textContent.includes("Somebody rolled"));
    const [sent, heard] = await Promise.all([from, to].map((tab) => tab.textContent("output div b")));
    equal(heard, sent);
    match(heard.trim(), /^([1-9]|1\d|20)$/);
  };
  await roll(tabs[0], tabs[1]);
  await worker.evict("dice");
  await roll(tabs[1], tabs[0]);
  equal(worker.boots("dice"), 2);
  equal(problems.join(), "");
});

test("the page runs nothing but its own files, and is shown in no frame", async (t) => {
  const worker = await startWorker();
  t.after(() => worker.dispose());
  for (const path of ["/", "/relay.js", "/relay.css", "/socket.io/socket.io.min.js"]) {
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

  const executablePath = chromiumPath();
  equal(Boolean(executablePath) && existsSync(executablePath), true, NO_CHROMIUM);
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  t.after(() => browser.close());
  const page = await browser.newPage();
  const said = [];
  page.on("console", (message) => said.push(message.text()));
  await page.goto(worker.url);
  // What an attacker could insert, if a text were shown as HTML.
  await page.evaluate(() => (document.querySelector("#heard").innerHTML = '<img src="x:" onerror="window.ran = true"><style>main { display: none }</style>'));
  await page.waitForFunction(() => document.querySelector("img").complete);
  equal(await page.evaluate(() => window.ran), undefined);
  equal(await page.isVisible("main"), true);
  ok(said.some((text) => text.includes("Content Security Policy")), said.join());
});
