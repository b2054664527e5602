//! Messages under way: who must hear which one next, and whether what came is that.
//!
//! A round is one message until its last delivery. In every room one client says all there is to say, so that there is one
//! right order for each of the others. A frame is compared with the one that was sent, as a whole; only if it differs, what
//! came is taken apart to say what is wrong with it.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use tokio_websockets::Message;

use crate::clock;
use crate::dialect::{Audience, Shape};
use crate::error::Delivery;
use crate::payload::Mark;

/// All rounds of all rooms.
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

/// A round that is over.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Round {
    /// From its sending to the first delivery.
    pub first: Duration,
    /// From its sending to the last delivery.
    pub last: Duration,
}

/// What a sender has to send.
#[derive(Debug)]
pub(crate) struct Begun {
    /// Who.
    pub sender: usize,
    /// What.
    pub frames: Vec<Message>,
}

/// Those who hear each other. Without rooms there is one.
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
    /// Of the frames of the message that comes next, how many are here.
    frames: usize,
}

impl Rounds {
    /// Among `clients` clients, of which the client `c` is in the room `c % rooms`. Each of the `rooms` needs two clients.
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

    /// How many rounds have at least so many deliveries.
    pub(crate) fn for_deliveries(&self, deliveries: u64) -> u64 {
        let least = self.lanes.iter().map(|lane| lane.listeners).min().unwrap_or_default();
        deliveries.div_ceil(least.max(1))
    }

    /// Has that many more rounds begun by [`Rounds::begin`].
    pub(crate) fn plan(&mut self, rounds: u64) {
        self.to_begin += rounds;
        self.finished.reserve(usize::try_from(rounds).unwrap_or_default());
    }

    /// Begins the next round, if one is planned. The rooms take turns.
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

    /// A client heard a frame. Whether that was the last delivery of a round.
    pub(crate) fn hear(&mut self, client: usize, frame: &Message) -> Result<bool, Delivery> {
        let unknown = || Delivery::Malformed(excerpt(frame));
        let listener = self.listeners.get_mut(client).ok_or_else(unknown)?;
        let lane = self.lanes.get_mut(listener.lane).ok_or_else(unknown)?;
        // A round is over when all have heard it, and each hears them in order: no listener is behind what is over.
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

    /// How many deliveries there were so far.
    pub(crate) fn deliveries(&self) -> u64 {
        self.deliveries
    }

    /// Whether there is nothing to begin and nothing under way.
    pub(crate) fn is_idle(&self) -> bool {
        self.to_begin == 0 && self.under_way == 0
    }

    /// How many deliveries of messages under way have not come.
    pub(crate) fn missing(&self) -> u64 {
        self.lanes.iter().flat_map(|lane| &lane.under_way).map(|round| round.missing).sum()
    }

    /// The rounds that were finished since this was asked last.
    pub(crate) fn take_finished(&mut self) -> Vec<Round> {
        std::mem::take(&mut self.finished)
    }
}

/// A frame in an error message, cut where it gets long.
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

/// What is wrong with a frame that is not the one that `client` should hear next, which is the message `wanted` of `sender`.
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

    /// Three clients, and two messages of the client 0 under way.
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
        assert_eq!(rounds.hear(2, &message(2, 0)), Err(Delivery::Altered(2)), "nobody has said this yet");
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
        assert_eq!(Rounds::new(rooms, 5, 2).for_deliveries(10), 10, "the smaller room has one who listens");
    }
}
