// Cron triggers and queues.

/** Returns the expression and the time of a cron trigger. */
export function triggerOf(controller) {
  return [controller.cron, controller.scheduledTime];
}

export function queueOf(batch) {
  return batch.queue;
}

/** Returns id, time, attempts and body of each message, in turn. The body is bytes if bytes were sent, and a text of JSON otherwise. */
export function messagesOf(batch) {
  return batch.messages.flatMap(({ id, timestamp, attempts, body }) => [id, Number(timestamp), attempts, bodyOf(body)]);
}

function bodyOf(body) {
  if (body instanceof ArrayBuffer) return new Uint8Array(body);
  if (ArrayBuffer.isView(body)) return new Uint8Array(body.buffer, body.byteOffset, body.byteLength);
  return JSON.stringify(body) ?? "null";
}

/** Sets the verdicts of all messages: -2 for none, -1 for an acknowledgement, or the delay of a retry in seconds, NaN for the queue's own. */
export function judge(batch, verdicts) {
  batch.messages.forEach((message, index) => {
    const verdict = verdicts[index];
    if (verdict === -1) message.ack();
    else if (verdict !== -2) message.retry(Number.isNaN(verdict) ? undefined : { delaySeconds: Math.ceil(verdict) });
  });
}
