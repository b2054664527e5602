// The page at the relay's address, in a browser: two tabs join a world and roll dice, also after it hibernated.

import { equal, match } from "node:assert/strict";
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
