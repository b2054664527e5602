// Tests of the processing of a bench's reports. Nothing is measured here.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { ROOT } from "../../scripts/lib/root.mjs";
import { PAGE, tables } from "./report.mjs";
import { isAwake, judge, summarize } from "./results.mjs";

describe("reports of several rounds", () => {
  test("become medians with their extremes, and ratios to the bare object", () => {
    const cpu = (...values) => values.map((server_cpu_us) => ({ server_cpu_us }));
    const { bare, dormouse } = summarize({ bare: cpu(12, 10, 30), dormouse: cpu(18, 17, 100) });
    assert.deepEqual(bare, { server_cpu_us: { median: 12, min: 10, max: 30 } });
    assert.deepEqual(dormouse, { server_cpu_us: { median: 18, min: 17, max: 100, ratio: 1.5 } });
  });

  test("are not in the median if they failed", () => {
    const { dormouse, socketio } = summarize({ dormouse: [{ server_cpu_us: 5 }, { error: "lost one" }], socketio: [{ error: "lost all" }] });
    assert.deepEqual(dormouse.server_cpu_us, { median: 5, min: 5, max: 5 });
    assert.equal(socketio, undefined);
  });

  test("have no ratio at waking if the server never sleeps", () => {
    const wakes = (slept) => [{ first_ms: 2, slept }];
    const { dormouse, socketio } = summarize({ bare: wakes(true), dormouse: wakes(true), socketio: wakes(false) });
    assert.equal(dormouse.first_ms.ratio, 1);
    assert.equal(socketio.first_ms.ratio, undefined);
    assert.equal(isAwake([{ error: "did not sleep", slept: false }, ...wakes(true)]), false, "a failed report does not count");
  });
});

test("a goal is reached up to its number, and missed above it", () => {
  const results = (dormouse, wasm_gzip_kb) => {
    const cpu = (median) => ({ server_cpu_us: { median } });
    return { wasm_gzip_kb, works: { ack: { summary: { bare: cpu(20), dormouse: cpu(dormouse) } } } };
  };
  const reached = (...of) => judge(results(...of)).map((promise) => promise.reached);
  assert.deepEqual(reached(22, 250), ["aim", "aim"]);
  assert.deepEqual(reached(22.2, 250.1), ["bar", "bar"]);
  assert.deepEqual(reached(26, 400), ["bar", "bar"]);
  assert.deepEqual(reached(26.2, 400.1), ["missed", "missed"]);
});

test("the page has the numbers of perf/results.json", () => {
  const results = JSON.parse(readFileSync(join(ROOT, "perf", "results.json"), "utf8"));
  const isThere = readFileSync(join(ROOT, PAGE), "utf8").includes(`begin -->\n${tables(results)}\n<!-- npm run bench: end`);
  assert.ok(isThere, `${PAGE} does not match perf/results.json: run npm run bench -- --report`);
  const spent = Object.entries(results.works).flatMap(([work, { summary }]) => Object.entries(summary).map(([peer, of]) => [`${work}, ${peer}`, of]));
  const limited = spent.filter(([, { server_cpu_us, load_cpu_us }]) => load_cpu_us?.median >= server_cpu_us?.median).map(([name]) => name);
  assert.deepEqual(limited, [], "docs/bench.md says that the load generator spends less than the servers everywhere");
});
