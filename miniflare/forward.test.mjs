// The way from the Worker to an object, in node: a namespace of our own sees what neither workerd nor Miniflare shows, such as location
// hints. `miniflare/app-routes.test.mjs` tests jurisdictions in workerd.

import assert from "node:assert/strict";
import { test } from "node:test";
import { forward } from "../src/cloudflare/http.js";
import { setLevels } from "../src/cloudflare/log.js";

const CLOSE = "x-close";

/** Forwards a request by way of a namespace that records how the object is asked for; returns the record and the response. */
async function forwarded(jurisdiction, hint, { restricts = true } = {}) {
  const asked = [];
  const objects = (where) => ({
    getByName: (name, options) => {
      asked.push({ where, name, options });
      return { fetch: async (request) => new Response(`answer to ${request}`) };
    },
    jurisdiction: (name) => {
      if (!restricts) throw new Error("not here");
      return objects(name);
    },
  });
  const response = await forward({ WORLD: objects("anywhere") }, "WORLD", "red", jurisdiction, hint, "a request", CLOSE, "x-sub");
  return { asked, response };
}

/** Returns the lines that are printed as errors while `use` runs. */
async function errorsOf(use) {
  const { error } = console;
  const lines = [];
  console.error = (line) => lines.push(line);
  try {
    await use();
  } finally {
    console.error = error;
  }
  return lines;
}

test("an object is asked for with its location hint, in its jurisdiction", async () => {
  for (const [jurisdiction, hint, where] of [
    [undefined, undefined, "anywhere"],
    [undefined, "weur", "anywhere"],
    ["eu", undefined, "eu"],
    ["us", "enam", "us"],
  ]) {
    const { asked, response } = await forwarded(jurisdiction, hint);
    assert.deepEqual(asked, [{ where, name: "red", options: { locationHint: hint } }]);
    assert.equal(await response.text(), "answer to a request");
  }
});

test("a jurisdiction that the runtime has not is logged once, as the log's other lines are", async () => {
  const refuse = async (jurisdiction) => {
    const { asked, response } = await forwarded(jurisdiction, "weur", { restricts: false });
    assert.deepEqual([asked, response.status], [[], 500]);
    return (await response.json()).message;
  };
  let message;
  const lines = await errorsOf(async () => {
    for (let n = 0; n < 3; n++) message = await refuse("eu");
  });
  assert.match(message, /^JURISDICTION: .*"eu" \(not here\)/);
  assert.deepEqual(lines.map(JSON.parse), [{ level: "error", message, world: "red", code: "CONFIG" }]);
  setLevels(0);
  assert.deepEqual(await errorsOf(() => refuse("us")), [], "LOG=off");
});
