//! Random events in random order, with hibernation and lost memory in between: the world never panics, answers every request
//! once, keeps serving the bystanders, and leaves nothing behind. Hibernation changes nothing where it must not.
#![expect(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/harness/mod.rs"]
mod harness;

use core::time::Duration;
use std::collections::BTreeSet;

use dormouse::internal::Config;
use dormouse::internal::Protocol;
use dormouse::internal::Response;
use dormouse::socket::Reason;
use dormouse::value::Frame;
use proptest::prelude::*;
use proptest::sample::select;

use harness::{
    Body, Bystanders, Host, HttpNo, Said, SocketNo, To, deterministic, own_heartbeat, shared_heartbeat, sid_of,
};

/// The number of clients.
const CLIENTS: usize = 3;

/// Packets, mostly valid ones.
const TEXTS: [&str; 26] = [
    "40",
    "40",
    "40/custom,",
    "41",
    r#"42["message",1]"#,
    r#"421["message-with-ack",1]"#,
    r#"42["broadcast","x"]"#,
    r#"42["join","red"]"#,
    r#"42["leave","red"]"#,
    r#"42["to",["red"],[],"x"]"#,
    r#"42/custom,["broadcast","x"]"#,
    r#"42["kick"]"#,
    r#"42["close"]"#,
    r#"42["late","x"]"#,
    r#"451-["message",{"_placeholder":true,"num":0}]"#,
    r#"451-["broadcast",{"_placeholder":true,"num":0}]"#,
    r#"452-["message",{"_placeholder":true,"num":1}]"#,
    "2probe",
    "2probe",
    "5",
    "5",
    "3",
    "3",
    "2",
    "1",
    "abc",
];

#[derive(Clone, Debug)]
enum Deed {
    Joins(usize),
    Open(usize),
    OpenPolling(usize),
    Upgrade(usize),
    Poll(usize),
    Post(usize, &'static str),
    PostHead(usize),
    PostRest(usize, &'static str),
    PostAborts(usize),
    Frame(usize, &'static str),
    Binary(usize),
    Closes(usize),
    Breaks(usize),
    StopsReading(usize),
    Passes(u64),
    Sleeps,
    MemoryLost,
    Talks,
}

fn deed(may_lose_memory: bool) -> impl Strategy<Value = Deed> {
    let who = || 0..CLIENTS;
    let what = || select(&TEXTS[..]);
    let last = if may_lose_memory { Deed::MemoryLost } else { Deed::Sleeps };
    prop_oneof![
        8 => who().prop_map(Deed::Joins),
        2 => who().prop_map(Deed::Open),
        4 => who().prop_map(Deed::OpenPolling),
        4 => who().prop_map(Deed::Upgrade),
        6 => who().prop_map(Deed::Poll),
        8 => (who(), what()).prop_map(|(who, what)| Deed::Post(who, what)),
        2 => who().prop_map(Deed::PostHead),
        2 => (who(), what()).prop_map(|(who, what)| Deed::PostRest(who, what)),
        1 => who().prop_map(Deed::PostAborts),
        20 => (who(), what()).prop_map(|(who, what)| Deed::Frame(who, what)),
        8 => who().prop_map(Deed::Binary),
        2 => who().prop_map(Deed::Closes),
        1 => who().prop_map(Deed::Breaks),
        1 => who().prop_map(Deed::StopsReading),
        6 => select(&[1, 50, 99, 100, 150, 200, 299, 300, 400, 1_000, 10_000, 25_000][..]).prop_map(Deed::Passes),
        4 => Just(Deed::Sleeps),
        1 => Just(last),
        2 => Just(Deed::Talks),
    ]
}

/// A world with clients that do random things.
struct Scene {
    host: Host,
    bystanders: Bystanders,
    clients: [Client; CLIENTS],
    /// POSTs that their clients aborted.
    aborted: BTreeSet<HttpNo>,
}

/// A client's state as the client knows it, which may be out of date.
#[derive(Default)]
struct Client {
    sid: String,
    socket: Option<SocketNo>,
    post: Option<HttpNo>,
}

impl Scene {
    fn new(config: Config) -> Self {
        let mut host = Host::new(config, harness::apps::echo);
        let bystanders = Bystanders::new(&mut host);
        Self { host, bystanders, clients: Default::default(), aborted: BTreeSet::new() }
    }

    fn act(&mut self, deed: &Deed) {
        let Self { host, clients, .. } = self;
        match *deed {
            Deed::Joins(who) | Deed::Open(who) => {
                let no = host.open_websocket("EIO=4&transport=websocket", Protocol::SocketIo).expect("there is room");
                let open = sid_of(&host.runtime().texts_of(no)[0]);
                if matches!(deed, Deed::Joins(_)) {
                    host.text(no, "40");
                    host.text(no, r#"42["join","red"]"#);
                }
                clients[who] = Client { sid: open, socket: Some(no), post: None };
            }
            Deed::OpenPolling(who) => {
                let http = host.request("GET", "EIO=4&transport=polling", Protocol::SocketIo, false);
                let Some(Response::Payload(open)) = host.answer_of(http) else { panic!("there is room") };
                clients[who] = Client { sid: sid_of(open), socket: None, post: None };
            }
            Deed::Upgrade(who) => {
                let query = format!("EIO=4&transport=websocket&sid={}", clients[who].sid);
                if !clients[who].sid.is_empty() {
                    clients[who].socket = host.open_websocket(&query, Protocol::SocketIo).ok().or(clients[who].socket);
                }
            }
            Deed::Poll(who) => {
                host.poll(&clients[who].sid);
            }
            Deed::Post(who, what) => {
                host.post(&clients[who].sid, what.as_bytes());
            }
            Deed::PostHead(who) => {
                let query = format!("EIO=4&transport=polling&sid={}", clients[who].sid);
                clients[who].post = Some(host.request("POST", &query, Protocol::SocketIo, false));
            }
            Deed::PostRest(who, what) => {
                if let Some(http) = clients[who].post {
                    host.body(http, Body::Bytes(what.as_bytes().to_vec()));
                }
            }
            Deed::PostAborts(who) => {
                if let Some(http) = clients[who].post {
                    self.aborted.insert(http);
                    host.body(http, Body::Aborted);
                }
            }
            Deed::Passes(millis) => host.advance_millis(millis),
            Deed::Sleeps => {
                host.sleep();
            }
            Deed::MemoryLost => host.lose_memory(),
            Deed::Talks => self.bystanders.talk(host),
            Deed::Frame(who, _)
            | Deed::Binary(who)
            | Deed::Closes(who)
            | Deed::Breaks(who)
            | Deed::StopsReading(who) => {
                if let Some(no) = clients[who].socket {
                    self.act_on(no, deed);
                }
            }
        }
    }

    fn act_on(&mut self, no: SocketNo, deed: &Deed) {
        match deed {
            Deed::Frame(_, what) => self.host.text(no, what),
            Deed::Binary(_) => self.host.frame(no, Frame::Binary(vec![1, 2].into())),
            Deed::Closes(_) => self.host.gone(no, Reason::TransportClose),
            Deed::Breaks(_) => self.host.gone(no, Reason::TransportError),
            _ => self.host.runtime_mut().sockets[no].stalled = true,
        }
    }

    /// Lets all clients leave and time pass; asserts that nothing is left.
    fn end(mut self) -> Result<(), TestCaseError> {
        let Self { host, bystanders, aborted, .. } = &mut self;
        bystanders.talk(host);
        for no in 0..host.runtime().sockets.len() {
            if !bystanders.has(no) {
                host.gone(no, Reason::TransportClose);
            }
        }
        // Longer than any deadline, and than the time in which silent clients are detected.
        host.advance(host.config().ping_interval * 4 + Duration::from_secs(50));
        bystanders.talk(host);
        bystanders.go(host);
        host.advance_millis(30_000);
        let waiting: Vec<_> = host.unanswered().into_iter().filter(|http| !host.is_body_due(*http)).collect();
        prop_assert!(waiting.iter().all(|http| aborted.contains(http)), "unanswered: {waiting:?}");
        prop_assert_eq!(host.server().session_count(), 0);
        prop_assert_eq!(host.server().stored_bytes(), 0);
        prop_assert!(host.runtime().sockets.iter().all(|socket| socket.attachment.is_none()));
        prop_assert!(host.runtime().spilled.is_empty() && host.runtime().parts.is_empty());
        prop_assert_eq!(host.runtime().alarm, None);
        Ok(())
    }
}

fn survive(config: &Config) {
    let deeds = proptest::collection::vec(deed(true), 1..60);
    let run = deterministic(500).run(&deeds, |deeds| {
        let mut scene = Scene::new(config.clone());
        for deed in &deeds {
            scene.act(deed);
            scene.host.take_said();
        }
        scene.end()
    });
    run.expect("whatever happens");
}

#[test]
fn a_world_with_a_shared_heartbeat_survives_whatever_happens() {
    survive(&shared_heartbeat());
}

#[test]
fn a_world_with_own_heartbeats_survives_whatever_happens() {
    survive(&own_heartbeat());
}

/// Returns what every connection got, with the times.
fn heard(deeds: &[Deed], config: &Config, sleepy: bool) -> Vec<Said> {
    let mut scene = Scene::new(config.clone());
    scene.host.sleepy = sleepy;
    for deed in deeds {
        if sleepy || !matches!(deed, Deed::Sleeps) {
            scene.act(deed);
        }
    }
    let mut heard = scene.host.take_said();
    // The order between two connections is not defined.
    heard.sort_by_key(|said| match said.to {
        To::Socket(no) => (0, no),
        To::Request(http) => (1, http),
    });
    heard
}

/// With heartbeats of their own, sessions have exact times, so that hibernation must not make any difference. With a shared
/// heartbeat, silent clients may be closed up to a tick later; `tests/hibernation.rs` tests that.
#[test]
fn sleeping_whenever_possible_changes_nothing() {
    let deeds = proptest::collection::vec(deed(false), 1..60);
    let run = deterministic(500).run(&deeds, |deeds| {
        prop_assert_eq!(heard(&deeds, &own_heartbeat(), false), heard(&deeds, &own_heartbeat(), true));
        Ok(())
    });
    run.expect("whatever happens");
}
