//! Messages that a queue delivers to the Worker.

use core::cell::Cell;
use core::time::Duration;
use std::rc::Rc;

use bytes::Bytes;
use serde::de::DeserializeOwned;

use crate::error::DecodeError;
use crate::time::Timestamp;
use crate::value::{Args, FromArgs as _};

/// A batch of messages of a queue, for the handler of [`on_queue`](crate::App::on_queue). A message that the handler neither acknowledges nor
/// has retried is acknowledged if the handler returns without an error, and retried otherwise. What it acknowledges stays acknowledged if it
/// fails later, or panics. The verdicts reach the queue when the handler has ended: if the Worker is lost before that, all messages are
/// delivered again, so that each is delivered at least once.
#[derive(Clone, Debug)]
pub struct QueueBatch {
    queue: Rc<str>,
    messages: Rc<[QueueMessage]>,
}

/// A message of a queue.
#[derive(Clone, Debug)]
pub struct QueueMessage {
    id: String,
    timestamp: Timestamp,
    attempts: u32,
    body: QueueBody,
    verdict: Cell<Option<Verdict>>,
}

/// The body of a message.
#[derive(Clone, Debug)]
pub(crate) enum QueueBody {
    /// A value, as JSON.
    Json(String),
    Bytes(Bytes),
}

/// What becomes of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Acknowledged,
    /// It is delivered again, after this delay if there is one; otherwise after that of the queue's configuration.
    Retried(Option<Duration>),
}

impl QueueBatch {
    pub(crate) fn new(queue: impl Into<Rc<str>>, messages: Vec<QueueMessage>) -> Self {
        Self { queue: queue.into(), messages: messages.into() }
    }

    /// Returns the name of the queue.
    pub fn queue(&self) -> &str {
        &self.queue
    }

    /// Returns the messages, which are not in any order.
    pub fn messages(&self) -> &[QueueMessage] {
        &self.messages
    }

    /// Acknowledges all messages without a verdict.
    pub fn ack_all(&self) {
        self.judge(Verdict::Acknowledged);
    }

    /// Has all messages without a verdict delivered again, after `delay` if it is given: up to twelve hours.
    pub fn retry_all(&self, delay: Option<Duration>) {
        self.judge(Verdict::Retried(delay));
    }

    fn judge(&self, verdict: Verdict) {
        for message in self.messages.iter().filter(|message| message.verdict.get().is_none()) {
            message.verdict.set(Some(verdict));
        }
    }
}

impl QueueMessage {
    pub(crate) const fn new(id: String, timestamp: Timestamp, attempts: u32, body: QueueBody) -> Self {
        Self { id, timestamp, attempts, body, verdict: Cell::new(None) }
    }

    /// Returns the id, which the queue gave it.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Returns when it was sent.
    pub const fn timestamp(&self) -> Timestamp {
        self.timestamp
    }

    /// Returns how often it has been delivered, from 1 on.
    pub const fn attempts(&self) -> u32 {
        self.attempts
    }

    /// Parses the body: a value that was sent as JSON or as text, or bytes that are JSON.
    ///
    /// # Errors
    /// The body is no JSON, or no `T`. Its code is `INVALID_ARGUMENTS`, and its text calls the body *argument 1*.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, DecodeError> {
        let text = match &self.body {
            QueueBody::Json(text) => text.clone(),
            QueueBody::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        };
        <(T,)>::from_args(Args::from_written(text, Vec::new())).map(|(value,)| value)
    }

    /// Returns the body: the bytes that were sent, or the JSON of another value.
    pub fn bytes(&self) -> Bytes {
        match &self.body {
            QueueBody::Json(text) => Bytes::copy_from_slice(text.as_bytes()),
            QueueBody::Bytes(bytes) => bytes.clone(),
        }
    }

    /// Acknowledges the message: it is not delivered again, even if the handler fails later.
    pub fn ack(&self) {
        self.verdict.set(Some(Verdict::Acknowledged));
    }

    /// Has the message delivered again, after `delay` if it is given: up to twelve hours. Without it, after the delay of the queue's
    /// configuration. A message that was delivered as often as `max_retries` allows goes to the dead letter queue, or is dropped.
    pub fn retry(&self, delay: Option<Duration>) {
        self.verdict.set(Some(Verdict::Retried(delay)));
    }

    /// Returns what becomes of the message; `None` if the handler's result decides.
    pub(crate) const fn verdict(&self) -> Option<Verdict> {
        self.verdict.get()
    }
}
