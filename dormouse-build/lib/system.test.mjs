import { doesNotThrow, throws } from "node:assert/strict";
import { test } from "node:test";
import { checkSystem } from "./system.mjs";

test("Windows is refused with what to do instead", () => {
  throws(() => checkSystem("win32"), /This is Windows.*`wsl --install`/);
  for (const system of ["linux", "darwin"]) doesNotThrow(() => checkSystem(system), system);
});
