// The rules of `_headers` that a build lays out.

import assert from "node:assert/strict";
import { test } from "node:test";
import { joinHeaders } from "./client.mjs";

test("a package's rule for every file does not replace ours", () => {
  const ours = joinHeaders("");
  assert.match(ours, /^\/\*\n( {2}[A-Za-z-]+: \S+\n)+$/);
  assert.equal(joinHeaders("/page\n  A: $&\n"), `${ours}/page\n  A: $&\n`);
  assert.equal(joinHeaders("# why\n/*\n  A: $&\n/page\n  B: 2\n"), `# why\n${ours}  A: $&\n/page\n  B: 2\n`);
});
