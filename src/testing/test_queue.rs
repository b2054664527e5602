//! Messages of queues in tests.

use core::time::Duration;

use bytes::Bytes;
use serde::Serialize;

use crate::error::Failure;
use crate::handles::{QueueBatch, QueueBody, QueueMessage, Verdict};
use crate::time::Timestamp;

/// A message for [`TestWorlds::queue`](super::TestWorlds::queue).
#[derive(Clone, Debug)]
pub struct TestMessage {
    body: QueueBody,
    attempts: u32,
}

/// What became of a batch of messages, which are numbered from 0.
#[derive(Clone, Debug)]
pub struct TestBatch {
    verdicts: Vec<Verdict>,
    result: Result<(), Failure>,
}

impl TestMessage {
    /// Returns a message whose body is a value.
    ///
    /// # Panics
    /// If it cannot be written as JSON.
    #[track_caller]
    #[expect(clippy::panic, reason = "a mistake in the test")]
    pub fn json(value: impl Serialize) -> Self {
        match serde_json::to_string(&value) {
            Ok(text) => Self { body: QueueBody::Json(text), attempts: 1 },
            Err(error) => panic!("the message cannot be written as JSON: {error}"),
        }
    }

    /// Returns a message whose body is bytes.
    pub fn bytes(bytes: impl Into<Bytes>) -> Self {
        Self { body: QueueBody::Bytes(bytes.into()), attempts: 1 }
    }

    /// Sets how often it has been delivered; 1 by default.
    #[must_use]
    pub const fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts;
        self
    }

    pub(super) fn into_message(self, number: usize, now: Timestamp) -> QueueMessage {
        QueueMessage::new(format!("message-{number}"), now, self.attempts, self.body)
    }
}

impl TestBatch {
    pub(super) fn new(batch: &QueueBatch, result: Result<(), Failure>) -> Self {
        let otherwise = if result.is_ok() { Verdict::Acknowledged } else { Verdict::Retried(None) };
        let verdicts = batch.messages().iter().map(|message| message.verdict().unwrap_or(otherwise)).collect();
        Self { verdicts, result }
    }

    /// Returns the numbers of the messages that are acknowledged.
    pub fn acknowledged(&self) -> Vec<usize> {
        let numbered = self.verdicts.iter().enumerate();
        numbered.filter(|(_, verdict)| **verdict == Verdict::Acknowledged).map(|(number, _)| number).collect()
    }

    /// Returns the numbers of the messages that are delivered again, with the delays that the handler asked for.
    pub fn retried(&self) -> Vec<(usize, Option<Duration>)> {
        let retried = |(number, verdict): (usize, &Verdict)| match verdict {
            Verdict::Retried(delay) => Some((number, *delay)),
            Verdict::Acknowledged => None,
        };
        self.verdicts.iter().enumerate().filter_map(retried).collect()
    }

    /// Returns the failure of the handler.
    ///
    /// # Errors
    /// The handler failed.
    pub fn result(&self) -> Result<(), Failure> {
        self.result.clone()
    }
}
