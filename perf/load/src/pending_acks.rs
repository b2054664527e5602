//! Pending acknowledgements: which one each client waits for, and whether the received one is right.

use std::time::{Duration, Instant};

use tokio_websockets::Message;

use crate::clock;
use crate::dialect::Dialect;
use crate::error::Delivery;
use crate::payload::Mark;
use crate::rounds::excerpt;

/// The pending acknowledgements of all clients.
#[derive(Debug)]
pub(crate) struct PendingAcks {
    dialect: Dialect,
    bytes: usize,
    askers: Vec<Asker>,
    to_begin: u64,
    under_way: u64,
    answers: u64,
    finished: Vec<Duration>,
}

#[derive(Debug, Clone, Default)]
struct Asker {
    asked: u64,
    /// A list, because it has only a few elements and is the fastest to search.
    under_way: Vec<UnderWay>,
}

#[derive(Debug, Clone)]
struct UnderWay {
    answer: String,
    sent: Instant,
}

impl PendingAcks {
    /// Creates the list for `clients` clients, for events with payloads of `bytes` bytes.
    pub(crate) fn new(dialect: Dialect, bytes: usize, clients: usize) -> Self {
        let askers = vec![Asker::default(); clients];
        Self { dialect, bytes, askers, to_begin: 0, under_way: 0, answers: 0, finished: Vec::new() }
    }

    /// Plans `asks` more events with acknowledgements, which [`PendingAcks::begin`] begins.
    pub(crate) fn plan(&mut self, asks: u64) {
        self.to_begin += asks;
        self.finished.reserve(usize::try_from(asks).unwrap_or_default());
    }

    /// Returns the frame of the client's next event, or `None` if none is planned.
    pub(crate) fn begin(&mut self, client: usize) -> Option<Message> {
        let asker = self.askers.get_mut(client)?;
        self.to_begin = self.to_begin.checked_sub(1)?;
        self.under_way += 1;
        let payload = Mark { seq: asker.asked, sender: client }.payload(self.bytes);
        let (frame, answer) = self.dialect.ask(asker.asked, &payload);
        asker.asked += 1;
        asker.under_way.push(UnderWay { answer, sent: clock::now() });
        Some(frame)
    }

    /// Handles an acknowledgement that a client received. The server may acknowledge in any order.
    ///
    /// # Errors
    /// The client does not wait for it.
    pub(crate) fn hear(&mut self, client: usize, frame: &Message) -> Result<(), Delivery> {
        let unasked = || Delivery::Unasked(excerpt(frame));
        let text: &[u8] = frame.as_payload();
        let asker = self.askers.get_mut(client).ok_or_else(unasked)?;
        let is_answered = |ask: &UnderWay| ask.answer.as_bytes() == text;
        let place = asker.under_way.iter().position(is_answered).ok_or_else(unasked)?;
        let ask = asker.under_way.swap_remove(place);
        self.finished.push(ask.sent.elapsed());
        self.answers += 1;
        self.under_way -= 1;
        Ok(())
    }

    /// Returns the number of acknowledgements so far.
    pub(crate) fn answers(&self) -> u64 {
        self.answers
    }

    /// Returns whether no acknowledgement is planned or pending.
    pub(crate) fn is_idle(&self) -> bool {
        self.to_begin == 0 && self.under_way == 0
    }

    /// Returns the number of pending acknowledgements.
    pub(crate) fn missing(&self) -> u64 {
        self.under_way
    }

    /// Takes the round-trip times of the acknowledgements since the last call.
    pub(crate) fn take_finished(&mut self) -> Vec<Duration> {
        std::mem::take(&mut self.finished)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(id: u64, client: usize) -> Message {
        Message::text(format!("43{id}[\"{}\"]", Mark { seq: id, sender: client }.payload(24)))
    }

    fn two_under_way() -> PendingAcks {
        let mut asks = PendingAcks::new(Dialect::SocketIo, 24, 2);
        asks.plan(2);
        assert!(asks.begin(1).is_some());
        assert!(asks.begin(1).is_some());
        assert!(asks.begin(1).is_none());
        asks
    }

    #[test]
    fn answers_are_taken_in_any_order() {
        let mut asks = two_under_way();
        assert_eq!(asks.hear(1, &answer(1, 1)), Ok(()));
        assert_eq!((asks.is_idle(), asks.missing()), (false, 1));
        assert_eq!(asks.hear(1, &answer(0, 1)), Ok(()));
        assert_eq!((asks.is_idle(), asks.missing()), (true, 0));
        assert_eq!((asks.answers(), asks.take_finished().len()), (2, 2));
    }

    #[test]
    fn an_answer_that_comes_twice_is_found() {
        let mut asks = two_under_way();
        assert_eq!(asks.hear(1, &answer(0, 1)), Ok(()));
        assert!(matches!(asks.hear(1, &answer(0, 1)), Err(Delivery::Unasked(_))));
    }

    #[test]
    fn anothers_answer_is_found() {
        assert!(matches!(two_under_way().hear(0, &answer(0, 1)), Err(Delivery::Unasked(_))));
        assert!(matches!(two_under_way().hear(1, &answer(0, 0)), Err(Delivery::Unasked(_))));
    }

    #[test]
    fn an_answer_with_another_payload_is_found() {
        let wrong = Message::text("430[\"0.1.xxx\"]");
        assert!(matches!(two_under_way().hear(1, &wrong), Err(Delivery::Unasked(_))));
    }
}
