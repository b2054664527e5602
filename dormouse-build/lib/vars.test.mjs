import assert from "node:assert/strict";
import test from "node:test";
import { parseVars } from "./vars.mjs";

test("a variable is KEY:VALUE, as for wrangler", () => {
  const vars = parseVars(["LOG:debug", "ALLOWED_ORIGINS:https://a.example:8443", "EMPTY:", "TWO:a\nb=c"]);
  assert.deepEqual(vars, { LOG: "debug", ALLOWED_ORIGINS: "https://a.example:8443", EMPTY: "", TWO: "a\nb=c" });
});

test("another form is refused with the right one", () => {
  assert.throws(() => parseVars(["ALLOWED_ORIGINS=https://a.example"]), /write --var ALLOWED_ORIGINS:https:\/\/a\.example, with a colon/);
  for (const pair of ["LOG", "", ":x", "a b:c"]) assert.throws(() => parseVars([pair]), /write --var KEY:VALUE/);
});
