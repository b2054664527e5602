//! The command line, and the plan that it makes.

use std::time::Duration;

use clap::{Parser, ValueEnum};
use http::Uri;
use serde::Serialize;

use crate::dialect::{Audience, Dialect, Shape};
use crate::error::Error;
use crate::payload::MIN_BYTES;

/// Besides the clients' sockets: the runtime's files, and the three that every process has.
const OTHER_FILES: u64 = 32;

/// Makes many clients of one server do one kind of work, checks every delivery, and prints what it cost as one line of JSON.
#[derive(Debug, Clone, Parser)]
#[command(name = "load")]
pub(crate) struct Args {
    /// What to do.
    work: Work,
    /// Where the server is: `ws://HOST:PORT/PATH`, or `http://…` for `polling`. Queries are added.
    #[arg(long)]
    url: Uri,
    /// What it speaks.
    #[arg(long)]
    dialect: Dialect,
    /// The process whose CPU and memory are measured.
    #[arg(long, value_name = "PID", value_parser = clap::value_parser!(i32).range(1..))]
    server_pid: i32,
    /// How many clients there are.
    #[arg(long, value_name = "N", default_value_t = 100)]
    clients: usize,
    /// Rooms that the clients are spread over; 0: none.
    #[arg(long, value_name = "R", default_value_t = 0)]
    rooms: usize,
    /// Who hears messages [default: for `broadcast` the others of the room, where there are rooms; else all others].
    #[arg(long)]
    to: Option<Audience>,
    /// Length of a payload: of the text between the quotes, or of the binary frame.
    #[arg(long, value_name = "B", default_value_t = 100)]
    bytes: usize,
    /// Send payloads as binary frames.
    #[arg(long)]
    binary: bool,
    /// Messages under way at a time; for `ack`: questions of each client.
    #[arg(long, value_name = "K", default_value_t = 1)]
    in_flight: usize,
    /// What comes before the measuring: deliveries (`broadcast`: 30000), answers (`ack`: 20000), clients that stay
    /// (`connect`, `polling`: 10), or questions of each client and messages (`wake`: 3).
    #[arg(long, value_name = "N")]
    warm_up: Option<u64>,
    /// What is measured at least: deliveries (`broadcast`: 100000) or answers (`ack`: 20000).
    #[arg(long, value_name = "N")]
    count: Option<u64>,
    /// For `wake`: how long nobody says anything.
    #[arg(long, value_name = "SECONDS", default_value_t = 12.0)]
    quiet: f64,
    /// For `wake`, instead of `--quiet`: say `connected` on stderr, and let each silence last until a line comes on stdin.
    #[arg(long, conflicts_with = "quiet")]
    hold: bool,
    /// For `wake`: how often there is silence and a message.
    #[arg(long, value_name = "T", default_value_t = 1)]
    times: u32,
    /// How long to wait for what does not come, while nothing else comes either.
    #[arg(long, value_name = "SECONDS", default_value_t = 30.0)]
    patience: f64,
}

/// A kind of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Work {
    /// Messages from one to many.
    Broadcast,
    /// Questions and answers.
    Ack,
    /// Clients that connect.
    Connect,
    /// Clients that begin with polling, upgrade, and ask once.
    Polling,
    /// Silence, and then a message.
    Wake,
}

/// What ends a silence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Silence {
    /// Time.
    For(Duration),
    /// A line on stdin, or its end.
    UntilTold,
}

/// What is to be done: possible, and with all numbers known.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// The kind of work.
    pub work: Work,
    /// Where the server is.
    pub url: Uri,
    /// Its process.
    pub server_pid: i32,
    /// How many clients there are.
    pub clients: usize,
    /// How many rooms; 0 for none.
    pub rooms: usize,
    /// What messages are made of.
    pub shape: Shape,
    /// How many messages are under way at a time, or questions of each client.
    pub in_flight: usize,
    /// What comes before the measuring.
    pub warm_up: u64,
    /// What is measured, at least.
    pub count: u64,
    /// How a silence ends.
    pub silence: Silence,
    /// How often there is one.
    pub times: u32,
    /// How long to wait for what does not come, while nothing else comes either.
    pub patience: Duration,
}

impl Plan {
    /// How many files will be open at a time.
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
    /// Why this cannot be done.
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
