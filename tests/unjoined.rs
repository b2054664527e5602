//! Sessions that have not joined: they have a short time of their own, do not drain, and make room for others.
#![expect(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/harness/mod.rs"]
mod harness;
#[path = "unjoined/pollers.rs"]
mod pollers;

use core::future::pending;

use dormouse::internal::{Config, Protocol, Response};
use dormouse::{App, Failure, Io, Socket};

use harness::{Host, HttpNo, SocketNo, To, What, config, sid_of};

const POLLING: &str = "EIO=4&transport=polling";
const WEBSOCKET: &str = "EIO=4&transport=websocket";

/// As in `limits.rs`.
const UNFOLLOWED_MILLIS: u64 = 5_000;
const MAX_POLLING_SESSIONS: usize = 1_000;
const MAX_UNJOINED_WEBSOCKETS: usize = 1_000;

/// An app that everybody may join, but for `/slow`, whose guard never decides, and `/shut`, which refuses.
fn app() -> App {
    App::new()
        .namespace("/", |ns| {
            ns.on("shut down", async |io: Io| io.close())
                .on("hello", async |io: Io| io.emit("hello", ()))
                .on("leave", async |socket: Socket| socket.disconnect(true))
        })
        .namespace("/slow", |ns| {
            ns.guard(async || {
                pending::<()>().await;
                Ok::<_, Failure>(())
            })
        })
        .namespace("/shut", |ns| ns.guard(async || Err::<(), _>(Failure::new("FULL", "full"))))
        .engine(|engine| engine.raw(|raw| raw))
}

/// A world, and the steps of its clients.
struct World(Host);

impl World {
    /// A world of settings. If it `naps`, it was called before and hibernates.
    fn new(config: Config, naps: bool) -> Self {
        let mut host = Host::new(config, app);
        if naps {
            let no = host.open_websocket(WEBSOCKET, Protocol::SocketIo).expect("a WebSocket");
            host.text(no, "40");
            host.answers_pings.insert(no);
            assert!(host.sleep());
        }
        Self(host)
    }

    /// Opens a session by polling; returns its id, or `None` if it is refused with 503.
    fn try_open(&mut self, protocol: Protocol) -> Option<String> {
        let http = self.0.request("GET", POLLING, protocol, false);
        match self.0.answer_of(http) {
            Some(Response::Payload(open)) => Some(sid_of(open)),
            Some(Response::Refused(refusal)) if refusal.status() == 503 => None,
            other => panic!("{other:?}"),
        }
    }

    fn open(&mut self) -> String {
        self.try_open(Protocol::SocketIo).expect("a session")
    }

    fn open_from(&mut self, address: &str) -> String {
        address.clone_into(&mut self.0.handshake.address);
        self.open()
    }

    fn websocket_from(&mut self, address: &str) -> SocketNo {
        address.clone_into(&mut self.0.handshake.address);
        self.0.open_websocket(WEBSOCKET, Protocol::SocketIo).expect("a WebSocket")
    }

    /// Sends a CONNECT, and returns the response to a GET behind it.
    fn connect(&mut self, sid: &str) -> String {
        self.0.post(sid, b"40");
        self.get(sid).expect("the session exists")
    }

    /// Returns the payload of a GET; `None` if the session is unknown.
    fn get(&mut self, sid: &str) -> Option<String> {
        let http = self.0.poll(sid);
        self.payload(http)
    }

    fn payload(&self, http: HttpNo) -> Option<String> {
        match self.0.answer_of(http) {
            Some(Response::Payload(payload)) => Some(payload.replace('\u{1e}', " ")),
            Some(Response::Refused(refusal)) if refusal.code() == 1 => None,
            other => panic!("{other:?}"),
        }
    }

    fn exists(&mut self, sid: &str) -> bool {
        let sid = serde_json::from_value(serde_json::json!(sid)).expect("an id");
        self.0.server().has_session(sid)
    }

    fn closed_with(&self, socket: SocketNo) -> Option<u16> {
        self.0.runtime().said.iter().find_map(|said| match said.what {
            What::Closed(code) if said.to == To::Socket(socket) => Some(code),
            _ => None,
        })
    }
}

#[test]
fn a_get_that_nobody_follows_keeps_its_world_awake_for_seconds() {
    for naps in [false, true] {
        for protocol in [Protocol::SocketIo, Protocol::EngineIo] {
            let mut world = World::new(Config::default(), naps);
            let sid = world.try_open(protocol).expect("a session");
            world.0.advance_millis(UNFOLLOWED_MILLIS - 1);
            assert!(world.0.held_awake_by().is_some(), "the session is gone before its time");
            world.0.advance_millis(1);
            assert_eq!(world.0.held_awake_by(), None, "{protocol:?}");
            assert!(world.0.sleep());
            assert_eq!(world.get(&sid), None);
        }
    }
}

#[test]
fn a_client_that_follows_has_the_time_to_join_and_no_more() {
    let follow: [fn(&mut World, &str); 3] = [
        |world, sid| {
            world.0.poll(sid);
        },
        |world, sid| {
            world.0.post(sid, b"3");
        },
        |world, sid| {
            world.0.open_websocket(&format!("{WEBSOCKET}&sid={sid}"), Protocol::SocketIo).expect("a WebSocket");
        },
    ];
    for (way, follow) in follow.into_iter().enumerate() {
        let mut world = World::new(Config::default(), false);
        let sid = world.open();
        world.0.advance_millis(UNFOLLOWED_MILLIS - 1);
        follow(&mut world, &sid);
        world.0.advance_millis(45_000 - UNFOLLOWED_MILLIS);
        assert!(world.exists(&sid), "the way {way} does not count");
        world.0.advance_millis(1);
        assert_eq!(world.0.held_awake_by(), None, "the session drains, way {way}");
        assert_eq!(world.get(&sid), None);
    }
}

#[test]
fn a_connect_timeout_that_is_shorter_holds_for_those_who_do_not_follow() {
    let mut world = World::new(config(&[("CONNECT_TIMEOUT_MS", "1000")]), false);
    world.try_open(Protocol::EngineIo).expect("a session");
    world.0.advance_millis(1_000);
    assert_eq!(world.0.held_awake_by(), None);
}

#[test]
fn what_waits_for_a_client_that_has_not_joined_waits_no_longer_than_it_may_take_to_join() {
    // Refused, and then it breaks the rules: it can still hear why.
    let mut world = World::new(Config::default(), false);
    let (first, second) = (world.open(), world.open());
    for sid in [&first, &second] {
        world.0.post(sid, b"40/shut,\x1e42[\"hello\"]");
    }
    assert_eq!(world.get(&first).as_deref(), Some(r#"44/shut,{"message":"full","data":{"code":"FULL"}}"#));
    assert_eq!(world.get(&first).as_deref(), Some("6 1"));
    world.0.advance_millis(30_000);
    assert_eq!(world.get(&second), None);

    let mut world = World::new(Config::default(), false);
    let sid = world.open();
    world.0.poll(&sid);
    world.0.advance_millis(40_000);
    world.0.post(&sid, b"42[\"hello\"]");
    let late = world.open();
    world.0.advance_millis(5_000);
    assert_eq!(world.0.held_awake_by(), None);
    assert_eq!((world.get(&sid), world.get(&late)), (None, None));
}

#[test]
fn the_body_of_a_post_has_no_more_time_than_its_client_has_to_join() {
    let mut world = World::new(Config::default(), false);
    let (sid, joined) = (world.open(), world.open());
    world.connect(&joined);
    world.0.advance_millis(UNFOLLOWED_MILLIS - 1);
    world.0.poll(&sid);
    world.0.advance_millis(15_000);
    let post = |world: &mut World, sid: &str| {
        world.0.request("POST", &format!("{POLLING}&sid={sid}"), Protocol::SocketIo, false)
    };
    let (body, later) = (post(&mut world, &sid), post(&mut world, &joined));
    let status = |world: &World, http| match world.0.answer_of(http) {
        Some(Response::Refused(refusal)) => Some(refusal.status()),
        _ => None,
    };
    world.0.advance_millis(45_000 - 15_000 - UNFOLLOWED_MILLIS);
    assert_eq!((status(&world, body), status(&world, later)), (None, None));
    world.0.advance_millis(1);
    assert_eq!((status(&world, body), status(&world, later)), (Some(408), None));
    world.0.advance_millis(45_000);
    assert_eq!(status(&world, later), Some(408));
    assert_eq!(world.0.held_awake_by(), None);
}

#[test]
fn a_world_that_closes_does_not_wait_for_strangers() {
    let mut world = World::new(Config::default(), false);
    let closer = world.0.open_websocket(WEBSOCKET, Protocol::SocketIo).expect("a WebSocket");
    world.0.text(closer, "40");
    let (stranger, joining) = (world.open(), world.open());
    world.0.post(&joining, b"40/slow,");
    world.0.text(closer, r#"42["shut down"]"#);
    assert_eq!(world.get(&joining).as_deref(), Some("6 1"));
    world.0.advance_millis(UNFOLLOWED_MILLIS);
    assert_eq!(world.get(&stranger), None);
    assert_eq!(world.0.held_awake_by(), None);
}

#[test]
fn a_client_joins_a_world_that_is_full_of_strangers() {
    for naps in [false, true] {
        for follows in [false, true] {
            let mut world = World::new(Config::default(), naps);
            let strangers: Vec<_> = (0..MAX_POLLING_SESSIONS).map(|_| world.open()).collect();
            if follows {
                for sid in &strangers {
                    world.0.poll(sid);
                }
            }
            let client = world.open();
            assert!(world.connect(&client).starts_with("40{"));
            // It has joined: further strangers drive out each other.
            let further: Vec<_> = (0..MAX_POLLING_SESSIONS).map(|_| world.open()).collect();
            assert!(world.exists(&client));
            let there = strangers.iter().chain(&further).filter(|sid| world.exists(sid)).count();
            assert_eq!(there, MAX_POLLING_SESSIONS - 1);
            assert!(!world.exists(&strangers[0]), "the oldest is there");
        }
    }
}

#[test]
fn a_stranger_that_goes_hears_the_close_on_its_get() {
    let mut world = World::new(Config::default(), false);
    let first = world.open();
    let hanging = world.0.poll(&first);
    for _ in 0..MAX_POLLING_SESSIONS {
        world.open();
    }
    assert_eq!(world.payload(hanging).as_deref(), Some("1"));
}

#[test]
fn a_client_that_was_refused_has_not_joined() {
    let mut world = World::new(Config::default(), false);
    let refused = world.open();
    world.0.post(&refused, b"40/shut,");
    for _ in 1..MAX_POLLING_SESSIONS {
        let sid = world.open();
        world.connect(&sid);
    }
    world.open();
    assert!(!world.exists(&refused));
}

#[test]
fn the_oldest_websocket_that_has_not_joined_is_closed_with_1013() {
    for naps in [false, true] {
        let mut world = World::new(Config::default(), false);
        let joined = world.websocket_from("");
        world.0.text(joined, "40");
        // Those whose CONNECT waits for a guard count as all others.
        let sockets: Vec<_> = (0..MAX_UNJOINED_WEBSOCKETS).map(|_| world.websocket_from("")).collect();
        world.0.text(sockets[0], "40/slow,");
        if naps {
            assert!(world.0.sleep());
        }
        assert_eq!(sockets.iter().find_map(|no| world.closed_with(*no)), None);
        let last = world.websocket_from("");
        assert_eq!(world.closed_with(sockets[0]), Some(1013));
        for no in [joined, sockets[1], last] {
            assert_eq!(world.closed_with(no), None);
        }
        // One that upgrades counts, too.
        let sid = world.open();
        let upgraded =
            world.0.open_websocket(&format!("{WEBSOCKET}&sid={sid}"), Protocol::SocketIo).expect("a WebSocket");
        world.0.text(upgraded, "2probe");
        world.0.text(upgraded, "5");
        world.open();
        assert_eq!((world.closed_with(sockets[1]), world.closed_with(sockets[2])), (Some(1013), None));
    }
}

#[test]
fn one_address_drives_out_its_own() {
    for naps in [false, true] {
        let mut world = World::new(config(&[("MAX_UNJOINED_PER_ADDRESS", "3")]), false);
        let other = world.websocket_from("203.0.113.7");
        let joined = world.websocket_from("2001:db8:1:2::1");
        world.0.text(joined, "40");
        let nowhere: Vec<_> = (0..5).map(|_| world.websocket_from("")).collect();
        let crowd: Vec<_> = (1..4).map(|n| world.websocket_from(&format!("2001:db8:1:2::{n}"))).collect();
        if naps {
            assert!(world.0.sleep());
        }
        let next = world.open_from("2001:db8:1:2:ffff::");
        assert_eq!(world.closed_with(crowd[0]), Some(1013));
        world.0.text(crowd[1], "40");
        world.websocket_from("2001:db8:1:2::9");
        let stays = [crowd[1], crowd[2], other, joined].into_iter().chain(nowhere);
        assert_eq!(stays.filter_map(|no| world.closed_with(no)).count(), 0);
        // The oldest goes, on whatever transport.
        world.websocket_from("2001:db8:1:2::9");
        assert_eq!(world.closed_with(crowd[2]), Some(1013));
        assert!(world.exists(&next));
        world.open_from("2001:db8:1:2::9");
        assert!(!world.exists(&next));
    }
}
