// Requests of handlers.

/**
 * Sends a request, to a service if there is one; `headers` are names and values, in turn. Returns the status and the headers as lines,
 * and the body.
 */
export async function send(service, method, url, headers, body, max, timeout) {
  const pairs = [];
  for (let at = 0; at < headers.length; at += 2) pairs.push([headers[at], headers[at + 1]]);
  const control = new AbortController();
  // Not `AbortSignal.timeout`, which would keep the world awake when the response has come.
  const timer = setTimeout(() => control.abort(new Error(`no whole response came within ${timeout / 1000} s`)), timeout);
  try {
    // The bytes are in the memory of the wasm, which may move.
    const request = { method, headers: pairs, body: body?.slice(), signal: control.signal };
    const response = await (service ?? globalThis).fetch(url, request);
    const lines = [response.status, ...[...response.headers].flat()];
    return [lines.join("\n"), await read(response.body, max)];
  } finally {
    clearTimeout(timer);
  }
}

async function read(stream, max) {
  const chunks = [];
  let length = 0;
  const reader = stream?.getReader();
  while (reader) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.byteLength;
    if (length > max) {
      reader.cancel().catch(() => {});
      throw new Error(`the body of the response has more than ${max} bytes`);
    }
    chunks.push(value);
  }
  const [only] = chunks;
  if (chunks.length === 1) return only;
  const all = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.byteLength;
  }
  return all;
}
