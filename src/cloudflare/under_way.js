// Responses under way. Clients decide how long it takes to send them, and what they have not read is memory of the isolate.

/** The responses that clients have not read, by their session's id, of each object. */
const unread = new WeakMap();

function unreadOf(state) {
  let responses = unread.get(state);
  if (responses === undefined) unread.set(state, (responses = new Map()));
  return responses;
}

/**
 * Returns the body of the response to a GET of a session. The runtime keeps what a client does not read of a response, but a stream
 * tells when it has been read, and can be cut off: when its session gets the next one, for which no client asks before it has read
 * the last one, or after `timeout` milliseconds.
 */
export function watch(state, sid, bytes, timeout) {
  const responses = unreadOf(state);
  responses.get(sid)?.cutOff();
  const { readable, writable } = new FixedLengthStream(bytes.byteLength);
  const writer = writable.getWriter();
  const end = () => {
    clearTimeout(timer);
    if (responses.get(sid) === response) responses.delete(sid);
  };
  const cutOff = () => {
    end();
    writer.abort(new Error("the client has not read this response")).catch(() => {});
  };
  const timer = setTimeout(cutOff, timeout);
  const response = { bytes: bytes.byteLength, cutOff };
  responses.set(sid, response);
  writer.write(bytes).then(() => writer.close()).then(end, end);
  return readable;
}

/** Returns the sessions of an object with responses that their clients have not read, and the bytes of these, in turn. */
export function unreadResponses(state) {
  return [...unreadOf(state)].flatMap(([sid, { bytes }]) => [sid, bytes]);
}

/** Cuts off the response that the client of a session has not read. */
export function cutOff(state, sid) {
  unreadOf(state).get(sid)?.cutOff();
}
