import { doesNotThrow, throws } from "node:assert/strict";
import { test } from "node:test";
import { checkNode } from "./node-version.mjs";

test("a Node that is too old is refused with the version that is not", () => {
  for (const version of ["v20.20.2", "v22.11.0", "v18.0.0"]) throws(() => checkNode(version), /22\.12 or newer.*npm install --save-dev node@24/);
  for (const version of ["v22.12.0", "v24.0.0"]) doesNotThrow(() => checkNode(version));
});
