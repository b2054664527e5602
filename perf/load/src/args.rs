//! The command line, and the plan that is made of it.

use std::time::Duration;

use clap::{Parser, ValueEnum};
use http::Uri;
use serde::Serialize;

use crate::dialect::{Audience, Dialect, Shape};
use crate::error::Error;
use crate::payload::MIN_BYTES;

/// Open files other than the clients' sockets: those of the async runtime, and stdin, stdout and stderr.
const OTHER_FILES: u64 = 32;

/// Connects many clients to one server, does one kind of work, checks every delivery, and prints the cost as one line of JSON.
#[derive(Debug, Clone, Parser)]
#[command(name = "load")]
pub(crate) struct Args {
    /// The kind of work.
    work: Work,
    /// The server's URL: `ws://HOST:PORT/PATH`, or `http://…` for `polling`. Query parameters are added.
    #[arg(long)]
    url: Uri,
    /// The server's protocol.
    #[arg(long)]
    dialect: Dialect,
    /// The process whose CPU and memory are measured.
    #[arg(long, value_name = "PID", value_parser = clap::value_parser!(i32).range(1..))]
    server_pid: i32,
    /// The number of clients.
    #[arg(long, value_name = "N", default_value_t = 100)]
    clients: usize,
    /// The number of rooms that the clients are spread over; 0 for none.
    #[arg(long, value_name = "R", default_value_t = 0)]
    rooms: usize,
    /// The recipients of messages [default: for `broadcast` with rooms, the others in the room; else all others].
    #[arg(long)]
    to: Option<Audience>,
    /// The length of a payload in bytes: the text between the quotes, or the binary frame.
    #[arg(long, value_name = "B", default_value_t = 100)]
    bytes: usize,
    /// Send payloads as binary frames.
    #[arg(long)]
    binary: bool,
    /// The number of messages in flight at a time; for `ack`, of events that each client waits for.
    #[arg(long, value_name = "K", default_value_t = 1)]
    in_flight: usize,
    /// The amount of work before the measurement: deliveries (`broadcast`: 30000), acknowledgements (`ack`: 20000), clients that
    /// stay connected (`connect`, `polling`: 10), or acknowledgements of each client and messages (`wake`: 3).
    #[arg(long, value_name = "N")]
    warm_up: Option<u64>,
    /// The least amount of work to measure: deliveries (`broadcast`: 100000) or acknowledgements (`ack`: 20000).
    #[arg(long, value_name = "N")]
    count: Option<u64>,
    /// For `wake`: how long the clients send nothing before each wake.
    #[arg(long, value_name = "SECONDS", default_value_t = 12.0)]
    quiet: f64,
    /// For `wake`, instead of `--quiet`: print `connected` on stderr, and wait for a line on stdin before each wake.
    #[arg(long, conflicts_with = "quiet")]
    hold: bool,
    /// For `wake`: the number of wakes.
    #[arg(long, value_name = "T", default_value_t = 1)]
    times: u32,
    /// How long to wait for missing frames while no other frame arrives.
    #[arg(long, value_name = "SECONDS", default_value_t = 30.0)]
    patience: f64,
}

/// A kind of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Work {
    /// Messages from one client to many.
    Broadcast,
    /// Events with acknowledgements.
    Ack,
    /// Clients that connect.
    Connect,
    /// Clients that begin with polling, upgrade, and wait for one acknowledgement.
    Polling,
    /// A time without messages, and then a message that wakes the server.
    Wake,
}

/// What ends the time without messages before a wake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Silence {
    /// A timeout.
    For(Duration),
    /// A line on stdin, or the end of stdin.
    UntilTold,
}

/// The validated command line, with all defaults filled in.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// The kind of work.
    pub work: Work,
    /// The server's URL.
    pub url: Uri,
    /// The server's process.
    pub server_pid: i32,
    /// The number of clients.
    pub clients: usize,
    /// The number of rooms; 0 for none.
    pub rooms: usize,
    /// The format of messages.
    pub shape: Shape,
    /// The number of messages in flight at a time, or of events that each client waits for.
    pub in_flight: usize,
    /// The amount of work before the measurement.
    pub warm_up: u64,
    /// The least amount of work to measure.
    pub count: u64,
    /// What ends the time without messages before a wake.
    pub silence: Silence,
    /// The number of wakes.
    pub times: u32,
    /// How long to wait for missing frames while no other frame arrives.
    pub patience: Duration,
}

impl Plan {
    /// Returns the largest number of files that will be open at a time.
    pub(crate) fn open_files(&self) -> u64 {
        // A client that polls has two connections more until it is upgraded.
        let (each, before) = match self.work {
            Work::Polling => (3, self.warm_up),
            Work::Connect => (1, self.warm_up),
            Work::Broadcast | Work::Ack | Work::Wake => (1, 0),
        };
        (self.clients as u64).saturating_add(before).saturating_mul(each).saturating_add(OTHER_FILES)
    }
}

impl TryFrom<Args> for Plan {
    type Error = Error;

    fn try_from(args: Args) -> Result<Self, Error> {
        let (warm_up, count) = match args.work {
            Work::Broadcast => (30_000, 100_000),
            Work::Ack => (20_000, 20_000),
            Work::Connect | Work::Polling => (10, 0),
            Work::Wake => (3, 0),
        };
        let for_rooms = args.work == Work::Broadcast && args.rooms > 0;
        let audience = args.to.unwrap_or(if for_rooms { Audience::Room } else { Audience::All });
        let seconds = |name: &str, seconds: f64| {
            Duration::try_from_secs_f64(seconds).map_err(|error| Error::Usage(format!("{name}: {error}")))
        };
        let quiet = seconds("--quiet", args.quiet)?;
        let plan = Self {
            work: args.work,
            url: args.url,
            server_pid: args.server_pid,
            clients: args.clients,
            rooms: args.rooms,
            shape: Shape { dialect: args.dialect, audience, binary: args.binary, bytes: args.bytes },
            in_flight: args.in_flight,
            warm_up: args.warm_up.unwrap_or(warm_up),
            count: args.count.unwrap_or(count),
            silence: if args.hold { Silence::UntilTold } else { Silence::For(quiet) },
            times: args.times,
            patience: seconds("--patience", args.patience)?,
        };
        match plan.objection() {
            Some(objection) => Err(Error::Usage(objection)),
            None => Ok(plan),
        }
    }
}

impl Plan {
    /// Returns why the plan is not possible, or `None` if it is.
    fn objection(&self) -> Option<String> {
        let Shape { dialect, audience, binary, bytes } = self.shape;
        let scheme = if self.work == Work::Polling { "http" } else { "ws" };
        let messages = matches!(self.work, Work::Broadcast | Work::Wake);
        let objections = [
            (self.url.scheme_str() != Some(scheme), format!("--url: {:?} needs {scheme}://", self.work)),
            (
                bytes < MIN_BYTES,
                format!("--bytes: at least {MIN_BYTES}, for the number and the sender of each message"),
            ),
            (self.clients == 0, "--clients: at least one".to_owned()),
            (self.in_flight == 0, "--in-flight: at least one".to_owned()),
            (self.times == 0, "--times: at least once".to_owned()),
            (audience == Audience::Room && self.rooms == 0, "--to room: there are no --rooms".to_owned()),
            (
                messages && self.clients < 2 * if audience == Audience::Room { self.rooms } else { 1 },
                "--clients: a message needs a sender and a listener, in each room".to_owned(),
            ),
            (binary && !messages, "--binary: only messages are binary".to_owned()),
            (
                binary && dialect == Dialect::Raw && audience == Audience::Room,
                "--binary: a raw frame for a room begins with `#`, and is text".to_owned(),
            ),
            (self.work == Work::Polling && dialect == Dialect::Raw, "--dialect: polling is Socket.IO's".to_owned()),
        ];
        objections.into_iter().find_map(|(applies, objection)| applies.then_some(objection))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(line: &str) -> Result<Plan, String> {
        let base = "--url ws://127.0.0.1:1/ --dialect socketio --server-pid 1";
        let words = format!("load {line} {}", if line.contains("--url") { "" } else { base });
        let args = Args::try_parse_from(words.split_whitespace()).map_err(|error| error.to_string())?;
        Plan::try_from(args).map_err(|error| error.to_string())
    }

    #[test]
    fn a_plan_has_the_defaults_of_its_work() {
        let broadcast = plan("broadcast").unwrap();
        assert_eq!((broadcast.warm_up, broadcast.count, broadcast.in_flight), (30_000, 100_000, 1));
        assert_eq!(broadcast.shape.audience, Audience::All);
        assert_eq!(plan("ack").unwrap().warm_up, 20_000);
        assert_eq!(plan("connect --warm-up 0").unwrap().warm_up, 0);
        assert_eq!(plan("broadcast --rooms 10").unwrap().shape.audience, Audience::Room);
        assert_eq!(plan("wake --rooms 10").unwrap().shape.audience, Audience::All);
        assert_eq!(plan("wake --rooms 10 --to room").unwrap().shape.audience, Audience::Room);
        assert_eq!(plan("wake --quiet 1.5").unwrap().silence, Silence::For(Duration::from_millis(1500)));
        assert_eq!(plan("wake --hold").unwrap().silence, Silence::UntilTold);
    }

    #[test]
    fn what_cannot_be_done_is_refused() {
        for (line, word) in [
            ("broadcast --clients 1", "listener"),
            ("broadcast --clients 5 --rooms 3", "listener"),
            ("broadcast --bytes 23", "--bytes"),
            ("broadcast --to room", "--rooms"),
            ("broadcast --in-flight 0", "--in-flight"),
            ("ack --clients 0", "--clients"),
            ("ack --binary", "--binary"),
            ("wake --times 0", "--times"),
            ("wake --quiet=-1", "--quiet"),
            ("wake --hold --quiet 3", "--hold"),
            ("wake --patience=-1", "--patience"),
            ("polling", "http://"),
            ("broadcast --url http://127.0.0.1:1/ --dialect raw --server-pid 1", "ws://"),
            ("broadcast --url ws://127.0.0.1:1/ --dialect raw --server-pid 1 --binary --rooms 2", "--binary"),
            ("broadcast --url ws://127.0.0.1:1/ --dialect raw --server-pid 0", "--server-pid"),
            ("sleep", "wake"),
        ] {
            let refusal = plan(line).expect_err(line);
            assert!(refusal.contains(word), "{line}: {refusal}");
        }
    }

    #[test]
    fn files_are_counted_before_they_are_opened() {
        assert!(plan("broadcast --clients 5000").unwrap().open_files() > 5_000);
        assert!(plan("connect --clients 100 --warm-up 900").unwrap().open_files() > 1_000);
    }
}
