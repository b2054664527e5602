// Calls of the wrapper fixtures/full-storage.js, which looks into a world's object.

import assert from "node:assert/strict";

/** Calls the wrapper of a world's object, and returns what it answers. */
export async function inside(worker, world, call) {
  const response = await fetch(`${worker.url}/test/${world}`, { method: "POST", body: JSON.stringify(call) });
  assert.equal(response.status, 200, await response.clone().text());
  return response.json();
}
