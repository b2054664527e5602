// Calls of queues.

/** Sends messages, which come as a JSON list. */
export async function send(queue, messages) {
  const batch = JSON.parse(messages).map((body) => ({ body, contentType: "json" }));
  if (batch.length === 1) await queue.send(batch[0].body, { contentType: "json" });
  else if (batch.length) await queue.sendBatch(batch);
}
