// The short form of `npm run attack`: what clients can do to a server, against the built Worker.

import assert from "node:assert/strict";
import { test } from "node:test";
import { CASES, runCase } from "../perf/attack/main.mjs";

for (const name of Object.keys(CASES)) {
  test(`${name}: ${CASES[name].about}`, { timeout: 240_000 }, async (t) => {
    const rows = await runCase(name, { short: true });
    for (const { what, value } of rows) t.diagnostic(`${what}: ${value}`);
    assert.deepEqual(rows.filter(({ isBad }) => isBad), [], JSON.stringify(rows));
  });
}
