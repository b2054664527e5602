//! Messages in flight: which one each client must receive next, and whether the received one is right.
//!
//! A round is one message, from its sending to its last delivery. In every room, one client sends all messages, so that the
//! others must receive them in one order. A received frame is compared with the sent one as a whole; only if it differs, it is
//! parsed to report the fault.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use tokio_websockets::Message;

use crate::clock;
use crate::dialect::{Audience, Shape};
use crate::error::Delivery;
use crate::payload::Mark;

/// The rounds of all rooms.
#[derive(Debug)]
pub(crate) struct Rounds {
    shape: Shape,
    lanes: Vec<Lane>,
    listeners: Vec<Listener>,
    turn: usize,
    to_begin: u64,
    under_way: u64,
    deliveries: u64,
    finished: Vec<Round>,
}

/// A finished round.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Round {
    /// The time from the sending to the first delivery.
    pub first: Duration,
    /// The time from the sending to the last delivery.
    pub last: Duration,
}

/// A message to be sent.
#[derive(Debug)]
pub(crate) struct Begun {
    /// The client that sends it.
    pub sender: usize,
    /// The message's frames.
    pub frames: Vec<Message>,
}

/// A room and its messages in flight. Without rooms, one lane has all clients.
#[derive(Debug)]
struct Lane {
    sender: usize,
    listeners: u64,
    finished: u64,
    under_way: VecDeque<UnderWay>,
}

#[derive(Debug)]
struct UnderWay {
    frames: Vec<Message>,
    missing: u64,
    sent: Instant,
    first: Option<Duration>,
}

#[derive(Debug)]
struct Listener {
    lane: usize,
    heard: u64,
    /// The number of received frames of the next message.
    frames: usize,
}

impl Rounds {
    /// Creates the rounds of `clients` clients. The client `c` is in the room `c % rooms`. Each room needs two clients.
    pub(crate) fn new(shape: Shape, clients: usize, rooms: usize) -> Self {
        let lanes = if shape.audience == Audience::All { 1 } else { rooms.max(1) };
        let lane = |sender: usize| Lane {
            sender,
            listeners: (clients.saturating_sub(sender).div_ceil(lanes) as u64).saturating_sub(1),
            finished: 0,
            under_way: VecDeque::new(),
        };
        Self {
            shape,
            lanes: (0..lanes).map(lane).collect(),
            listeners: (0..clients).map(|client| Listener { lane: client % lanes, heard: 0, frames: 0 }).collect(),
            turn: 0,
            to_begin: 0,
            under_way: 0,
            deliveries: 0,
            finished: Vec::new(),
        }
    }

    /// Returns the number of rounds that have at least `deliveries` deliveries.
    pub(crate) fn for_deliveries(&self, deliveries: u64) -> u64 {
        let least = self.lanes.iter().map(|lane| lane.listeners).min().unwrap_or_default();
        deliveries.div_ceil(least.max(1))
    }

    /// Plans `rounds` more rounds, which [`Rounds::begin`] begins.
    pub(crate) fn plan(&mut self, rounds: u64) {
        self.to_begin += rounds;
        self.finished.reserve(usize::try_from(rounds).unwrap_or_default());
    }

    /// Begins the next round. Returns `None` if none is planned. The rooms take turns.
    pub(crate) fn begin(&mut self) -> Option<Begun> {
        self.to_begin = self.to_begin.checked_sub(1)?;
        let index = self.turn % self.lanes.len();
        let lane = self.lanes.get_mut(index)?;
        self.turn += 1;
        self.under_way += 1;
        let mark = Mark { seq: lane.finished + lane.under_way.len() as u64, sender: lane.sender };
        let frames = self.shape.frames(mark.payload(self.shape.bytes));
        let round = UnderWay { frames: frames.clone(), missing: lane.listeners, sent: clock::now(), first: None };
        lane.under_way.push_back(round);
        Some(Begun { sender: lane.sender, frames })
    }

    /// Handles a frame that a client received. Returns whether it was the last delivery of a round.
    ///
    /// # Errors
    /// It is not the frame that the client must receive next.
    pub(crate) fn hear(&mut self, client: usize, frame: &Message) -> Result<bool, Delivery> {
        let unknown = || Delivery::Malformed(excerpt(frame));
        let listener = self.listeners.get_mut(client).ok_or_else(unknown)?;
        let lane = self.lanes.get_mut(listener.lane).ok_or_else(unknown)?;
        // A round is finished when all listeners have received it, in order: a listener's `heard` is never less than `finished`.
        let ahead = if client == lane.sender { None } else { listener.heard.checked_sub(lane.finished) };
        let place = ahead.and_then(|ahead| usize::try_from(ahead).ok());
        let round = place.and_then(|place| lane.under_way.get_mut(place));
        let is_next = |round: &&mut UnderWay| round.frames.get(listener.frames).is_some_and(|next| same(next, frame));
        let Some(round) = round.filter(is_next) else {
            return Err(diagnose(self.shape, frame, client, lane.sender, listener.heard));
        };
        listener.frames += 1;
        if listener.frames < round.frames.len() {
            return Ok(false);
        }
        listener.frames = 0;
        listener.heard += 1;
        self.deliveries += 1;
        round.first.get_or_insert_with(|| round.sent.elapsed());
        round.missing -= 1;
        if round.missing > 0 {
            return Ok(false);
        }
        let last = round.sent.elapsed();
        self.finished.push(Round { first: round.first.unwrap_or(last), last });
        lane.under_way.pop_front();
        lane.finished += 1;
        self.under_way -= 1;
        Ok(true)
    }

    /// Returns the number of deliveries so far.
    pub(crate) fn deliveries(&self) -> u64 {
        self.deliveries
    }

    /// Returns whether no round is planned or in flight.
    pub(crate) fn is_idle(&self) -> bool {
        self.to_begin == 0 && self.under_way == 0
    }

    /// Returns the number of missing deliveries of the messages in flight.
    pub(crate) fn missing(&self) -> u64 {
        self.lanes.iter().flat_map(|lane| &lane.under_way).map(|round| round.missing).sum()
    }

    /// Takes the rounds that were finished since the last call.
    pub(crate) fn take_finished(&mut self) -> Vec<Round> {
        std::mem::take(&mut self.finished)
    }
}

/// Describes a frame in an error message, with the beginning of its content.
pub(crate) fn excerpt(frame: &Message) -> String {
    const CHARS: usize = 80;
    let kind = if frame.is_text() { "text" } else { "binary" };
    let bytes: &[u8] = frame.as_payload();
    let text = String::from_utf8_lossy(bytes);
    let dots = if text.chars().nth(CHARS).is_some() { "…" } else { "" };
    format!("a {kind} frame of {} bytes, {}{dots}", bytes.len(), text.chars().take(CHARS).collect::<String>())
}

fn same(one: &Message, other: &Message) -> bool {
    one.is_text() == other.is_text() && one.as_payload()[..] == other.as_payload()[..]
}

/// Returns the fault of a frame that `client` received instead of the message `wanted` of `sender`.
fn diagnose(shape: Shape, frame: &Message, client: usize, sender: usize, wanted: u64) -> Delivery {
    let marked = shape.payload(frame).and_then(|payload| Some((payload, Mark::of(payload)?)));
    let Some((payload, mark)) = marked else { return Delivery::Malformed(excerpt(frame)) };
    let seq = mark.seq;
    if mark.sender == client {
        Delivery::Own(seq)
    } else if mark.sender != sender {
        Delivery::Foreign { seq, sender: mark.sender }
    } else if seq < wanted {
        Delivery::Doubled(seq)
    } else if seq > wanted {
        Delivery::OutOfOrder { got: seq, wanted }
    } else if payload.len() != shape.bytes {
        Delivery::Length { seq, got: payload.len(), wanted: shape.bytes }
    } else {
        Delivery::Altered(seq)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::Dialect;

    const SHAPE: Shape = Shape { dialect: Dialect::SocketIo, audience: Audience::All, binary: false, bytes: 24 };

    fn message(seq: u64, sender: usize) -> Message {
        SHAPE.frames(Mark { seq, sender }.payload(24)).remove(0)
    }

    /// Three clients, and two messages of client 0 in flight.
    fn two_under_way() -> Rounds {
        let mut rounds = Rounds::new(SHAPE, 3, 0);
        rounds.plan(2);
        assert!(rounds.begin().is_some_and(|begun| begun.sender == 0));
        assert!(rounds.begin().is_some());
        assert!(rounds.begin().is_none());
        rounds
    }

    #[test]
    fn a_round_is_over_when_all_have_heard_it() {
        let mut rounds = two_under_way();
        assert_eq!(rounds.missing(), 4);
        assert_eq!(rounds.hear(1, &message(0, 0)), Ok(false));
        assert_eq!(rounds.hear(1, &message(1, 0)), Ok(false));
        assert_eq!(rounds.hear(2, &message(0, 0)), Ok(true));
        assert!(!rounds.is_idle());
        assert_eq!(rounds.hear(2, &message(1, 0)), Ok(true));
        assert!(rounds.is_idle());
        assert_eq!((rounds.deliveries(), rounds.missing()), (4, 0));
        let finished = rounds.take_finished();
        assert_eq!(finished.len(), 2);
        assert!(finished.iter().all(|round| round.first <= round.last));
    }

    #[test]
    fn a_message_that_comes_twice_is_found() {
        let mut rounds = two_under_way();
        assert_eq!(rounds.hear(1, &message(0, 0)), Ok(false));
        assert_eq!(rounds.hear(1, &message(0, 0)), Err(Delivery::Doubled(0)));
    }

    #[test]
    fn a_message_that_comes_twice_is_found_when_all_rounds_are_over() {
        let mut rounds = two_under_way();
        for (client, seq) in [(1, 0), (2, 0), (1, 1), (2, 1)] {
            assert!(rounds.hear(client, &message(seq, 0)).is_ok());
        }
        assert_eq!(rounds.hear(2, &message(1, 0)), Err(Delivery::Doubled(1)));
        assert_eq!(rounds.hear(2, &message(2, 0)), Err(Delivery::Altered(2)), "this message was not sent yet");
    }

    #[test]
    fn a_message_that_never_comes_is_counted() {
        let mut rounds = two_under_way();
        assert_eq!(rounds.hear(1, &message(0, 0)), Ok(false));
        assert_eq!((rounds.missing(), rounds.is_idle()), (3, false));
    }

    #[test]
    fn messages_out_of_order_are_found() {
        let wrong = two_under_way().hear(1, &message(1, 0));
        assert_eq!(wrong, Err(Delivery::OutOfOrder { got: 1, wanted: 0 }));
    }

    #[test]
    fn a_sender_that_hears_itself_is_found() {
        assert_eq!(two_under_way().hear(0, &message(0, 0)), Err(Delivery::Own(0)));
    }

    #[test]
    fn another_rooms_message_is_found() {
        let shape = Shape { audience: Audience::Room, ..SHAPE };
        let mut rounds = Rounds::new(shape, 5, 2);
        rounds.plan(2);
        let begun: Vec<Begun> = std::iter::from_fn(|| rounds.begin()).collect();
        assert_eq!(begun.iter().map(|begun| begun.sender).collect::<Vec<_>>(), [0, 1], "the rooms take turns");
        assert_eq!(rounds.missing(), 2 + 1, "clients 2 and 4, and client 3");
        assert_eq!(rounds.hear(2, &begun[0].frames[0]), Ok(false));
        assert_eq!(rounds.hear(4, &begun[1].frames[0]), Err(Delivery::Foreign { seq: 0, sender: 1 }));
        assert_eq!(rounds.hear(0, &begun[1].frames[0]), Err(Delivery::Foreign { seq: 0, sender: 1 }));
        assert_eq!(rounds.hear(3, &begun[1].frames[0]), Ok(true));
    }

    #[test]
    fn what_was_changed_on_its_way_is_found() {
        let hear = |text: String| two_under_way().hear(1, &Message::text(text)).unwrap_err();
        let payload = Mark { seq: 0, sender: 0 }.payload(24);
        assert_eq!(hear(format!("42[\"all\",\"{}\"]", payload.replace("xx", "xy"))), Delivery::Altered(0));
        let long = Delivery::Length { seq: 0, got: 25, wanted: 24 };
        assert_eq!(hear(format!("42[\"all\",\"{payload}x\"]")), long);
        assert!(matches!(hear(format!("42[\"room\",\"{payload}\"]")), Delivery::Malformed(_)));
        assert!(matches!(hear("41".to_owned()), Delivery::Malformed(_)));
    }

    #[test]
    fn a_binary_message_is_whole_with_its_attachment() {
        let shape = Shape { binary: true, ..SHAPE };
        let mut rounds = Rounds::new(shape, 2, 0);
        rounds.plan(1);
        let frames = rounds.begin().unwrap().frames;
        assert!(matches!(rounds.hear(1, &frames[1]), Err(Delivery::Altered(0))), "no header came before");
        assert_eq!(rounds.hear(1, &frames[0]), Ok(false));
        assert!(matches!(rounds.hear(1, &frames[0]), Err(Delivery::Malformed(_))), "two headers");
        assert_eq!(rounds.deliveries(), 0);
        assert_eq!(rounds.hear(1, &frames[1]), Ok(true));
    }

    #[test]
    fn there_are_rounds_for_at_least_as_many_deliveries_as_wanted() {
        assert_eq!(Rounds::new(SHAPE, 101, 0).for_deliveries(30_000), 300);
        assert_eq!(Rounds::new(SHAPE, 101, 0).for_deliveries(30_001), 301);
        let rooms = Shape { audience: Audience::Room, ..SHAPE };
        assert_eq!(Rounds::new(rooms, 5, 2).for_deliveries(10), 10, "the smaller room has one listener");
    }
}
