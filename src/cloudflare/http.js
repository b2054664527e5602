// HTTP: heads and bodies of requests, responses, and the way from the Worker to an object.

import { log } from "./log.js";
import { encode, textOf } from "./runtime.js";
import { watch } from "./under_way.js";

// What a client wrote may be in any response: a browser must not take it for a page or a script.
const NO_SNIFF = { "x-content-type-options": "nosniff" };

/** Returns the headers of a response: names and values, in turn. */
export function headersOf(response) {
  return [...response.headers].flat();
}

/**
 * Returns a request without its body, as lines: method, URL, and names and values of headers, in turn. The runtime allows no line
 * break in any of them. One string, because each call between wasm and JavaScript costs more than its bytes.
 */
export function headOf(request) {
  let head = `${request.method}\n${request.url}`;
  for (const [name, value] of request.headers) head += `\n${name}\n${value}`;
  return head;
}

/** Returns the same response with other headers, without those that HTTP does not allow. */
export function replaceHeaders(response, headers) {
  const { status, webSocket } = response;
  const replaced = new Response(response.body, { status, ...(webSocket && { webSocket }) });
  for (let i = 0; i < headers.length; i += 2) {
    try {
      replaced.headers.append(headers[i], headers[i + 1]);
    } catch (error) {
      log("warn", `the header ${headers[i]} is left out: ${textOf(error)}`);
    }
  }
  return replaced;
}

/**
 * Returns a response with a body of bytes; `headers` are names and values, in turn. Headers that HTTP does not allow are left out
 * and logged.
 */
export function respondBytes(status, body, headers) {
  // The runtime throws if a response with one of these statuses has a body. The bytes are copied, because they are a view of
  // wasm's memory.
  const response = new Response([204, 205, 304].includes(status) ? null : body.slice(), { status, headers: NO_SNIFF });
  for (let i = 0; i < headers.length; i += 2) {
    try {
      response.headers.append(headers[i], headers[i + 1]);
    } catch (error) {
      log("warn", `a response goes without the header ${headers[i]}: ${textOf(error)}`);
    }
  }
  return response;
}

/** Returns a response; `headers` are names and values, in turn. */
export function respond(status, body, headers) {
  const response = new Response(body, { status, headers: NO_SNIFF });
  for (let i = 0; i < headers.length; i += 2) response.headers.set(headers[i], headers[i + 1]);
  return response;
}

// From how many characters on it is watched whether a response is read. A shorter one costs about as much as its connection.
const WATCHED = 16_384;

/** Returns the response to a GET of a session, which has `timeout` milliseconds to read it; `headers` are names and values, in turn. */
export function respondPayload(state, sid, text, headers, timeout) {
  return respond(200, text.length < WATCHED ? text : watch(state, sid, encode(text), timeout), headers);
}

/** Returns the response that accepts a WebSocket; `headers` are names and values, in turn. */
export function switchProtocols(client, headers) {
  const response = new Response(null, { status: 101, webSocket: client });
  for (let i = 0; i < headers.length; i += 2) response.headers.set(headers[i], headers[i + 1]);
  return response;
}

/**
 * Forwards a request to the object of a world. If the object responds with a 409 that has the header `closeMark`, the client gets
 * a WebSocket that is closed as soon as it is open, with the subprotocol that the object selected in the header named
 * `subprotocol`. The object is in a jurisdiction, if one is given, and if this is its first request, near the hinted location.
 */
export async function forward(env, binding, world, jurisdiction, hint, request, closeMark, subprotocol) {
  let object;
  try {
    object = objectOf(env, binding, world, jurisdiction, hint);
  } catch (error) {
    if (!(error instanceof Unrestricted)) throw error;
    return respondUnrestricted(world, jurisdiction, error.message);
  }
  const response = await object.fetch(request);
  if (response.webSocket) {
    // If the client has reset its connection meanwhile, the runtime ends this call here, and the object is told that the WebSocket
    // is over. Without the pauses, the response goes to nobody: the object is told nothing, the WebSocket's unsent bytes keep it awake
    // until it aborts, and nothing drops the WebSocket as long as the world has another client. The runtime looks at its connections
    // once a turn. On a busy machine one pause leaves a fifth of such WebSockets, two leave a twentieth, and more do no better.
    for (let pauses = 0; pauses < 2; pauses++) await new Promise((resolve) => setTimeout(resolve, 0));
    return response;
  }
  const isMarked = response.status === 409 && response.headers.has(closeMark);
  if (!isMarked) return response;
  const selected = response.headers.get(subprotocol);
  return switchProtocols(openAndClose(), selected === null ? [] : [subprotocol, selected]);
}

/** What is thrown where the runtime has no jurisdictions, as when it runs locally. */
class Unrestricted extends Error {}

/** Returns the object of a world, in the jurisdiction, if one is given, and if this is its first request, near the hinted location. */
export function objectOf(env, binding, world, jurisdiction, hint) {
  const namespace = env[binding];
  if (namespace === undefined) {
    throw new Error(`the Durable Object binding ${binding} is missing in wrangler.toml`);
  }
  let objects = namespace;
  try {
    if (jurisdiction !== undefined) objects = namespace.jurisdiction(jurisdiction);
  } catch (error) {
    throw new Unrestricted(`JURISDICTION: this runtime cannot restrict an object to "${jurisdiction}" (${error.message}); to run locally, set JURISDICTION= in .dev.vars, or have the app return none`);
  }
  return objects.getByName(world, { locationHint: hint });
}

// The jurisdictions that this isolate cannot give, and has logged: every request fails, and would flood the log.
const reported = new Set();

/**
 * Responds where the runtime has no jurisdictions, as when it runs locally. The object must not be used without the one it should have:
 * it would be another object, and its data somewhere else.
 */
function respondUnrestricted(world, jurisdiction, message) {
  if (!reported.has(jurisdiction)) {
    reported.add(jurisdiction);
    log("error", message, { world, code: "CONFIG" });
  }
  return respond(500, JSON.stringify({ message }), ["content-type", "application/json", "cache-control", "no-store", "access-control-allow-origin", "*"]);
}

/**
 * Opens a WebSocket and closes it at once; returns the client's end. It does not hibernate: if the first frame of a hibernating
 * WebSocket is the reply to our close, the runtime keeps its TCP connection open for as long as the object is awake.
 */
function openAndClose() {
  const { 0: client, 1: server } = new WebSocketPair();
  server.accept();
  server.close(1000, "");
  return client;
}
