// Requests of handlers.

/**
 * A request, to a service if there is one; `headers` are names and values, in turn. Its response is the status and the headers as lines,
 * and the body.
 */
export class Sent {
  #control = new AbortController();

  constructor(service, method, url, headers, body, max, timeout) {
    const pairs = [];
    for (let at = 0; at < headers.length; at += 2) pairs.push([headers[at], headers[at + 1]]);
    // The bytes are in the memory of the wasm, which may move.
    const request = { method, headers: pairs, body: body?.slice(), signal: this.#control.signal };
    this.response = this.#receive(service ?? globalThis, url, request, max, timeout);
  }

  async #receive(service, url, request, max, timeout) {
    const late = new Error(`no whole response came within ${timeout / 1000} s`);
    // Not `AbortSignal.timeout`, which would keep the world awake when the response has come.
    const timer = setTimeout(() => this.#control.abort(late), timeout);
    try {
      const response = await service.fetch(url, request);
      const lines = [response.status, ...[...response.headers].flat()];
      return [lines.join("\n"), await read(response.body, max)];
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends it, if no response has come. */
  end() {
    this.#control.abort();
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
