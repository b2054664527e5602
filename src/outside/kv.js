// Calls of KV namespaces.

import { bounded } from "./binding.js";

/** Returns the bytes of a value, or null. */
export async function get(kv, key, max) {
  const value = await kv.get(key, "arrayBuffer");
  if (value === null) return null;
  bounded(`the value of ${JSON.stringify(key)}`, value.byteLength, max);
  return value;
}

export async function put(kv, key, value, ttl) {
  // The bytes are in the memory of the wasm, which may move.
  await kv.put(key, value.slice(), ttl === undefined ? {} : { expirationTtl: ttl });
}

export async function remove(kv, key) {
  await kv.delete(key);
}

/** Returns the keys and the cursor as JSON. */
export async function list(kv, prefix, cursor) {
  const { keys, list_complete: isComplete, cursor: next } = await kv.list({ prefix, cursor });
  return JSON.stringify({ keys: keys.map(({ name }) => name), cursor: isComplete ? null : next });
}
