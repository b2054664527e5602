// Calls of other worlds.

import { readRequest } from "../cloudflare/bodies.js";
import { objectOf } from "../cloudflare/http.js";

/** Returns the name of the world of an object's state; `undefined` for the context of the Worker. */
export function ownWorld(state) {
  return state?.id?.name;
}

const textIn = (env, name) => String(env[name] ?? "").trim() || undefined;

/**
 * Calls the object of a world by a path that the Worker forwards for no client. Returns the status, the body, and names and values of
 * the headers, in turn; `false` if that takes more than `timeout` milliseconds, `true` if the body has more than `max` bytes. The timer
 * also keeps a world awake that waits. Throws if the runtime fails.
 */
export async function callWorld(env, world, jurisdiction, hint, method, path, headers, body, max, timeout) {
  // Copied before the first wait, because it is a view of wasm's memory.
  const init = { method, body: body.length > 0 ? body.slice() : undefined, redirect: "manual" };
  const abort = new AbortController();
  init.signal = abort.signal;
  init.headers = [];
  for (let i = 0; i < headers.length; i += 2) init.headers.push([headers[i], headers[i + 1]]);
  const request = new Request(`https://world${path}`, init);
  const object = objectOf(env, "WORLD", world, jurisdiction ?? textIn(env, "JURISDICTION"), hint ?? textIn(env, "LOCATION_HINT"));
  let timer;
  const late = new Promise((resolve) => {
    timer = setTimeout(() => resolve(false), timeout);
  });
  try {
    return await Promise.race([answerOf(object, request, max, timeout), late]);
  } finally {
    clearTimeout(timer);
    abort.abort();
  }
}

async function answerOf(object, request, max, timeout) {
  const response = await object.fetch(request);
  const body = await readRequest(response, max, timeout, Infinity);
  if (typeof body === "boolean") return body;
  if (!body) throw new Error("the response of the world was lost");
  return [response.status, body, ...[...response.headers].flat()];
}
