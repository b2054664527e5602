import assert from "node:assert/strict";
import { createServer } from "node:net";
import test from "node:test";
import { checkPort, parsePort } from "./port.mjs";

test("a taken port is said in one line, with the way out", async (t) => {
  const taken = createServer();
  await new Promise((resolve) => taken.listen(0, "127.0.0.1", resolve));
  t.after(() => taken.close());
  const { port } = taken.address();
  await assert.rejects(checkPort("127.0.0.1", port), ({ message }) => {
    assert.match(message, new RegExp(`^Port ${port} is taken.*--port ${port + 1}\\.$`));
    return true;
  });
  await checkPort("127.0.0.1", 0);
});

test("a port that is no number is refused", () => {
  assert.equal(parsePort("0"), 0);
  assert.equal(parsePort("8787"), 8787);
  for (const text of ["", "x", "-1", "65536", "1.5", "0x10"]) assert.throws(() => parsePort(text), /^Error: --port /);
});
