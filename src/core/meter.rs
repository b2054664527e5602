//! What a world counts of itself: in memory only, so that it costs no row and no wake.

use core::cell::Cell;
use std::rc::Rc;

use serde::Serialize;

use crate::error::Reason;
use crate::time::Timestamp;

/// Since when a world is awake, and why. [`Io::awake`](crate::Io::awake) returns it. As JSON, it is
/// `{"since":1800000000000,"reason":"message","wakes":3,"countedSince":1799999990000}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Awake {
    /// When the world woke.
    pub since: Timestamp,
    /// What woke it.
    pub reason: WakeReason,
    /// How often it woke, this time included. The heartbeat of a sleeping world wakes it only if a client must be closed. The count is in
    /// memory: it survives sleep, and begins anew if the isolate is lost, as in a deploy.
    pub wakes: u64,
    /// When `wakes` began to count.
    pub counted_since: Timestamp,
}

/// What woke a world.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum WakeReason {
    /// A client that connects.
    #[default]
    Connection,
    /// What a client sent: a message, or a request of one that polls.
    Message,
    /// The end of a connection.
    Close,
    /// A named alarm, or the end of the time for an acknowledgement of `ack_to`.
    Alarm,
    /// The heartbeat: a client may be lost, or has joined no namespace in time.
    Heartbeat,
    /// A request to one of the app's routes.
    Route,
    /// A call of the admin HTTP API.
    Admin,
}

impl WakeReason {
    /// Returns the name, such as `message`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Connection => "connection",
            Self::Message => "message",
            Self::Close => "close",
            Self::Alarm => "alarm",
            Self::Heartbeat => "heartbeat",
            Self::Route => "route",
            Self::Admin => "admin",
        }
    }
}

/// Something that is counted.
#[derive(Clone, Copy, Debug)]
pub enum Count {
    /// The world woke.
    Wakes(WakeReason),
    /// The heartbeat of the sleeping world, which did not wake it.
    SleepingTicks,
    /// A session was opened.
    Opened {
        /// Whether it began with a WebSocket.
        is_websocket: bool,
    },
    /// A session has ended.
    Closed(Reason),
    /// A message arrived of a client.
    Received,
    /// The bytes of these.
    ReceivedBytes,
    /// A packet was sent to a client, pings included.
    Sent,
    /// The bytes of these.
    SentBytes,
    /// An event arrived.
    Events,
    /// An acknowledgement arrived.
    AcksReceived,
    /// An acknowledgement was sent.
    AcksSent,
    /// An event was emitted to a selection of sockets.
    Broadcasts,
    /// A socket for which an event was emitted.
    Deliveries,
    /// Something that a client did was refused.
    Refused(Code),
    /// A handler returned an error or panicked.
    Failures,
    /// A handler panicked.
    Panics,
    /// A row was written or deleted.
    Rows,
    /// The object's alarm was set.
    AlarmsSet,
    /// A named alarm was due.
    AlarmsDue,
}

/// Why something is refused.
#[derive(Clone, Copy, Debug)]
pub enum Code {
    /// A client causes more than it may.
    RateLimited,
    /// Too much waits.
    Busy,
    /// A CONNECT was refused.
    Connect,
    /// A request of a session that does not exist.
    UnknownSid,
    /// A request for which the world has no room.
    Full,
    /// Another request that is refused.
    BadRequest,
    /// A WebSocket was closed with 1008.
    PolicyViolation,
    /// A WebSocket was closed with 1009.
    TooBig,
    /// A WebSocket was closed with 1013.
    TryAgainLater,
}

/// How many counts there are, one for each value of their data.
const COUNTS: usize = 42;

/// How many numbers there are: the counts, then the sessions, sockets, rooms and unsent bytes, and when the world woke last and the counts
/// began, in seconds.
const NUMBERS: usize = COUNTS + 6;

impl Count {
    const fn place(self) -> usize {
        match self {
            Self::Wakes(reason) => reason as usize,
            Self::SleepingTicks => 7,
            Self::Opened { is_websocket } => 8 + is_websocket as usize,
            Self::Closed(reason) => 10 + reason as usize,
            Self::Received => 19,
            Self::ReceivedBytes => 20,
            Self::Sent => 21,
            Self::SentBytes => 22,
            Self::Events => 23,
            Self::AcksReceived => 24,
            Self::AcksSent => 25,
            Self::Broadcasts => 26,
            Self::Deliveries => 27,
            Self::Refused(code) => 28 + code as usize,
            Self::Failures => 37,
            Self::Panics => 38,
            Self::Rows => 39,
            Self::AlarmsSet => 40,
            Self::AlarmsDue => 41,
        }
    }
}

/// What a world has now, as far as it was measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gauges {
    /// Its sessions.
    pub connections: usize,
    /// The sockets in its namespaces.
    pub sockets: usize,
    /// Its rooms, but for those that each socket has of its own.
    pub rooms: usize,
}

/// The counters of a world.
#[derive(Debug)]
pub struct Meter {
    world: Rc<str>,
    /// When it began to count.
    began: Timestamp,
    /// When the world woke last, and why.
    woken: Cell<(Timestamp, WakeReason)>,
    /// When the world last did something: one that does nothing goes to sleep.
    active: Cell<Timestamp>,
    /// Whether a client ever joined: without one, nobody but a stranger may know of the world.
    is_joined: Cell<bool>,
    numbers: [Cell<u64>; NUMBERS],
}

impl Default for Meter {
    fn default() -> Self {
        Self::new("", Timestamp::default())
    }
}

impl Meter {
    /// Returns the counters of a world, which begin at `now`.
    pub fn new(world: &str, now: Timestamp) -> Self {
        let meter = Self {
            world: world.into(),
            began: now,
            woken: Cell::default(),
            active: Cell::new(now),
            is_joined: Cell::new(false),
            numbers: [const { Cell::new(0) }; NUMBERS],
        };
        meter.set(COUNTS + 5, now.as_millis() / 1000);
        meter
    }

    /// Returns the world's name.
    pub fn world(&self) -> &str {
        &self.world
    }

    /// Adds to a count, which wraps.
    pub fn add(&self, count: Count, number: usize) {
        if let Some(counted) = self.numbers.get(count.place()) {
            counted.set(counted.get().wrapping_add(number as u64));
        }
    }

    /// Counts that the world wakes at `now`.
    pub fn wake(&self, now: Timestamp, reason: WakeReason) {
        self.woken.set((now, reason));
        self.set(COUNTS + 4, now.as_millis() / 1000);
        self.add(Count::Wakes(reason), 1);
    }

    /// Returns since when the world is awake.
    pub fn awake(&self) -> Awake {
        let (since, reason) = self.woken.get();
        let wakes = self.numbers.iter().take(Count::SleepingTicks.place()).map(Cell::get).sum();
        Awake { since, reason, wakes, counted_since: self.began }
    }

    /// Returns how many rows were written or deleted.
    pub fn rows(&self) -> u64 {
        self.numbers.get(Count::Rows.place()).map_or(0, Cell::get)
    }

    /// Returns all numbers: the counts in the order of [`Count`] and of the values of its data; then the sessions, sockets, rooms and unsent
    /// bytes, and when the world woke last and the counts began, in seconds.
    pub fn numbers(&self) -> impl Iterator<Item = u64> {
        self.numbers.iter().map(Cell::get)
    }

    /// Sets what the world has after what it did at `now`.
    pub fn set_gauges(&self, now: Timestamp, gauges: Gauges) {
        self.active.set(now);
        let Gauges { connections, sockets, rooms } = gauges;
        if sockets > 0 {
            self.note_joined();
        }
        self.set(COUNTS, connections as u64);
        self.set(COUNTS + 1, sockets as u64);
        self.set(COUNTS + 2, rooms as u64);
    }

    /// Notes that a client has joined: a namespace, or by a message of plain Engine.IO.
    pub fn note_joined(&self) {
        self.is_joined.set(true);
    }

    /// Returns whether a client ever joined.
    pub const fn is_joined(&self) -> bool {
        self.is_joined.get()
    }

    /// Returns when the world last did something.
    pub const fn active(&self) -> Timestamp {
        self.active.get()
    }

    /// Sets the bytes that clients have not read.
    pub fn set_unsent(&self, bytes: u64) {
        self.set(COUNTS + 3, bytes);
    }

    fn set(&self, place: usize, value: u64) {
        if let Some(number) = self.numbers.get(place) {
            number.set(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the metrics in their order, each with its label's value if it has one.
    fn places() -> Vec<String> {
        let (_, table) = include_str!("../cloudflare/metrics.js").split_once("const METRICS = `\n").expect("the table");
        let (table, _) = table.split_once('`').expect("its end");
        let line = |line: &str| {
            let words: Vec<String> = line.split('#').next().unwrap_or_default().split(' ').map(str::to_owned).collect();
            match words.as_slice() {
                [name] => vec![name.clone()],
                [name, _, values @ ..] => values.iter().map(|value| format!("{name} {value}")).collect(),
                [] => Vec::new(),
            }
        };
        table.lines().flat_map(line).collect()
    }

    #[test]
    fn the_metrics_have_the_order_of_the_counts() {
        let places = places();
        assert_eq!(places.len(), Meter::default().numbers().count());
        for (count, name) in [
            (Count::Wakes(WakeReason::Connection), "wakes_total connection"),
            (Count::Wakes(WakeReason::Admin), "wakes_total admin"),
            (Count::SleepingTicks, "sleeping_heartbeats_total"),
            (Count::Opened { is_websocket: true }, "connections_opened_total websocket"),
            (Count::Closed(Reason::ServerNamespaceDisconnect), "connections_closed_total server_namespace_disconnect"),
            (Count::Closed(Reason::ServerShuttingDown), "connections_closed_total server_shutting_down"),
            (Count::Received, "messages_received_total"),
            (Count::SentBytes, "sent_bytes_total"),
            (Count::Events, "events_received_total"),
            (Count::AcksSent, "acks_sent_total"),
            (Count::Deliveries, "deliveries_total"),
            (Count::Refused(Code::RateLimited), "refusals_total RATE_LIMITED"),
            (Count::Refused(Code::TryAgainLater), "refusals_total 1013"),
            (Count::Panics, "handler_panics_total"),
            (Count::AlarmsDue, "alarms_due_total"),
        ] {
            assert_eq!(places.get(count.place()).map(String::as_str), Some(name));
        }
        assert_eq!(places.last().map(String::as_str), Some("counted_since_seconds"));
    }
}
