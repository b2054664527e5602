import assert from "node:assert/strict";
import test from "node:test";
import { fitted } from "./progress.mjs";

test("a line that is written over is shorter than the terminal is wide, and ends with how far it is", () => {
  assert.equal(fitted("build: release build", ", 3 of 170 crates, 0:04", 80), "· build: release build, 3 of 170 crates, 0:04");
  for (const columns of [1, 20, 40, 80]) {
    const line = fitted("examples/a-long-name/build: release build, and much more that it says of it", ", 150 of 170 crates, 12:34", columns);
    assert.ok(line.length < columns, `${columns}: ${line}`);
    if (columns >= 40) assert.match(line, /^· examp.*…, 150 of 170 crates, 12:34$/);
  }
});
