// Calls of R2 buckets.

import { bounded } from "./binding.js";

const known = ({ key, size, etag, uploaded, httpMetadata }) =>
  ({ key, size, etag, uploaded: uploaded.getTime(), content_type: httpMetadata?.contentType ?? null });

/** Returns the bytes of an object, or null. */
export async function get(bucket, key, max) {
  const object = await bucket.get(key);
  if (object === null) return null;
  try {
    bounded(`the object ${JSON.stringify(key)}`, object.size, max);
  } catch (error) {
    object.body.cancel().catch(() => {});
    throw error;
  }
  return object.arrayBuffer();
}

/** Returns what is known of an object as JSON, or null. */
export async function head(bucket, key) {
  const object = await bucket.head(key);
  return object === null ? null : JSON.stringify(known(object));
}

export async function put(bucket, key, bytes, contentType) {
  // The bytes are in the memory of the wasm, which may move.
  await bucket.put(key, bytes.slice(), contentType === undefined ? {} : { httpMetadata: { contentType } });
}

export async function remove(bucket, key) {
  await bucket.delete(key);
}

/** Returns the objects and the cursor as JSON. */
export async function list(bucket, prefix, cursor) {
  const { objects, truncated, cursor: next } = await bucket.list({ prefix, cursor, include: ["httpMetadata"] });
  return JSON.stringify({ objects: objects.map(known), cursor: truncated ? next : null });
}
