import assert from "node:assert/strict";
import test from "node:test";
import { until } from "../../miniflare/waiting.mjs";
import { Loop } from "./loop.mjs";

/** A loop whose work ends when the test says so. */
function controlled() {
  const [began, ends] = [[], []];
  const loop = new Loop((asked) => new Promise((resolve) => (began.push([...asked].sort()), ends.push(resolve))));
  return { loop, began, ends };
}

test("several requests are done once, with all that was asked for", async () => {
  const { loop, began } = controlled();
  for (const what of ["source", "page", "source"]) loop.ask(what);
  await until(() => began.length, "the work to begin");
  assert.deepEqual(began, [["page", "source"]]);
});

test("what is asked for during the work is done once, after it", async () => {
  const { loop, began, ends } = controlled();
  loop.ask("source");
  await until(() => began.length === 1, "the work to begin");
  for (let save = 0; save < 5; save++) loop.ask("source");
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(began.length, 1);
  ends[0]();
  await until(() => began.length === 2, "the work to begin");
  ends[1]();
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepEqual(began, [["source"], ["source"]]);
});

test("at its end, what is under way is finished and nothing more is begun", async () => {
  const { loop, began, ends } = controlled();
  loop.ask("source");
  await until(() => began.length === 1, "the work to begin");
  loop.ask("source");
  let ended = false;
  const end = loop.end().then(() => (ended = true));
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(ended, false);
  ends[0]();
  await end;
  loop.ask("source");
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(began.length, 1);
});

test("what is asked for during the first work is done after it, even if it fails", async () => {
  const { loop, began, ends } = controlled();
  for (const fails of [false, true]) {
    began.length = 0;
    let end;
    const first = loop.first(() => new Promise((resolve, reject) => (end = fails ? () => reject(new Error("no")) : resolve)));
    loop.ask("source");
    await new Promise((resolve) => setTimeout(resolve, 5));
    assert.deepEqual(began, []);
    end();
    await first.catch(() => {});
    await until(() => began.length === 1, "the work to begin");
    ends.at(-1)();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
});
