//! A client that polls gets everything that was sent before the server closed its session, whatever closed it, by polling or on
//! the WebSocket of an upgrade. The exception is a client that has not joined in time; see `unjoined.rs`.
#![expect(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/harness/mod.rs"]
mod harness;

use core::time::Duration;

use bytes::Bytes;
use dormouse::extract::HttpRequest;
use dormouse::internal::Config;
use dormouse::internal::Operation;
use dormouse::internal::Protocol;
use dormouse::internal::Response;
use dormouse::routing::Routes;
use dormouse::socket::{BroadcastOperator, EngineSocket};
use dormouse::value::Frame;
use dormouse::{App, Auth, Data, Failure, Io, Socket, SocketId};
use serde_json::Value;

use harness::{Host, SocketNo, To, What, sid_of};

const WEBSOCKET: &str = "EIO=4&transport=websocket";

const FULL: &str = r#"42["full"]"#;
const LEFT: &str = "41";

/// An app that closes sockets in every way that an app can, and emits `full` before each.
fn app() -> App {
    fn routes(ns: Routes) -> Routes {
        ns.guard(async |Auth(auth): Auth<Value>| match auth.get("refused") {
            Some(_) => Err(Failure::new("FULL", "full")),
            None => Ok(()),
        })
        .on_connect(async |socket: Socket, Auth(auth): Auth<Value>| {
            socket.join("guests").expect("few rooms");
            if auth.get("kicked").is_some() {
                socket.emit("full", ())?;
                socket.disconnect(true);
            }
            Ok::<_, Failure>(())
        })
        .on("full", async |socket: Socket| {
            socket.emit("full", ())?;
            socket.disconnect(true);
            Ok::<_, Failure>(())
        })
        .on("by id", async |io: Io, Data(id): Data<SocketId>| {
            let guest = io.socket(id).ok_or_else(|| Failure::new("NOBODY", "nobody has this id"))?;
            guest.emit("full", ())?;
            guest.disconnect(true);
            Ok::<_, Failure>(())
        })
        .on("a room", async |io: Io| all(|| io.to("guests")))
        .on("the others", async |socket: Socket| all(|| socket.broadcast()))
        .on("everybody", async |io: Io| {
            io.emit("full", ())?;
            io.disconnect_sockets(true);
            Ok::<_, Failure>(())
        })
        .on("shut down", async |io: Io| {
            io.emit("full", ())?;
            io.close();
            Ok::<_, Failure>(())
        })
        .on("say", async |socket: Socket| socket.broadcast().emit("full", ()))
        .on("later", async |io: Io| io.set_alarm("closing time", Duration::from_secs(1), ()))
    }
    async fn goodbye(socket: EngineSocket) {
        socket.send(Frame::text("full"));
        socket.close();
    }
    App::new()
        .namespace("/", routes)
        .on_alarm("closing time", async |io: Io| all(|| io.to("guests")))
        .engine(|engine| engine.raw(|raw| raw.on_message(goodbye)))
}

fn all(whom: impl Fn() -> BroadcastOperator) -> Result<(), Failure> {
    whom().emit("full", ())?;
    whom().disconnect_sockets(true);
    Ok(())
}

/// What the guest has done before the server closes its session.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Guest {
    /// Opened a session.
    New,
    /// Joined the namespace.
    Joined,
    /// Opened a session of plain Engine.IO.
    Plain,
}

/// A world with a client on a WebSocket, and a guest that polls.
struct Scene {
    host: Host,
    other: SocketNo,
    sid: String,
    id: String,
}

impl Scene {
    fn new(guest: Guest, sleeps: bool) -> Self {
        let mut host = Host::new(Config::default(), app);
        host.sleepy = sleeps;
        let other = host.open_websocket(WEBSOCKET, Protocol::SocketIo).expect("a session");
        host.text(other, "40");
        host.answers_pings.insert(other);
        let mut scene = Self { host, other, sid: String::new(), id: String::new() };
        let protocol = if guest == Guest::Plain { Protocol::EngineIo } else { Protocol::SocketIo };
        let opened = scene.host.request("GET", "EIO=4&transport=polling", protocol, false);
        let Some(Response::Payload(open)) = scene.host.answer_of(opened) else { panic!("no OPEN packet") };
        scene.sid = sid_of(open);
        if guest == Guest::Joined {
            scene.join();
        }
        scene
    }

    fn join(&mut self) {
        self.post("40");
        let connected = self.get().expect("CONNECT");
        let connected: Value = serde_json::from_str(connected.strip_prefix("40").expect("CONNECT")).expect("JSON");
        connected.get("sid").and_then(Value::as_str).expect("an id").clone_into(&mut self.id);
    }

    fn post(&mut self, body: &str) {
        self.host.post(&self.sid, body.as_bytes());
    }

    /// Returns the payload of a GET; `None` if the session is unknown.
    fn get(&mut self) -> Option<String> {
        let http = self.host.poll(&self.sid);
        match self.host.answer_of(http).expect("an answer") {
            Response::Payload(payload) => Some(payload.replace('\u{1e}', " ")),
            Response::Refused(refusal) if refusal.code() == 1 => None,
            answer => panic!("{answer:?}"),
        }
    }

    fn admin(&mut self, operation: &str, body: &'static str) {
        let body = Bytes::from_static(body.as_bytes());
        let request = HttpRequest::new("POST", "").with_body(body);
        self.host.http(Operation::parse(operation), request);
    }

    /// Opens a WebSocket for an upgrade of the session, up to `3probe`.
    fn probe(&mut self) -> SocketNo {
        let query = format!("{WEBSOCKET}&sid={}", self.sid);
        let socket = self.host.open_websocket(&query, Protocol::SocketIo).expect("a WebSocket");
        self.host.text(socket, "2probe");
        self.host.take_said();
        socket
    }

    /// Completes the upgrade with `5`; returns what the WebSocket gets.
    fn take_over(&mut self, socket: SocketNo) -> Vec<String> {
        self.host.text(socket, "5");
        let said = self.host.take_said().into_iter().filter(|said| said.to == To::Socket(socket));
        said.map(|said| match said.what {
            What::Frame(Frame::Text(text)) => text.to_string(),
            what => format!("{what:?}"),
        })
        .collect()
    }
}

/// A way to close the guest's session, and the packets that the guest gets before the close.
type Way = (&'static str, Guest, fn(&mut Scene), &'static [&'static str]);

const WAYS: [Way; 13] = [
    ("the handler of its own event", Guest::Joined, |scene| scene.post(r#"42["full"]"#), &[FULL, LEFT]),
    (
        "the handle of another's handler",
        Guest::Joined,
        |scene| {
            let (other, id) = (scene.other, scene.id.clone());
            scene.host.text(other, &format!(r#"42["by id","{id}"]"#));
        },
        &[FULL, LEFT],
    ),
    ("a room's operator", Guest::Joined, |scene| from_other(scene, "a room"), &[FULL, LEFT]),
    ("a socket's operator", Guest::Joined, |scene| from_other(scene, "the others"), &[FULL, LEFT]),
    ("disconnect_sockets", Guest::Joined, |scene| from_other(scene, "everybody"), &[FULL, LEFT]),
    ("Io::close", Guest::Joined, |scene| from_other(scene, "shut down"), &[FULL]),
    (
        "an alarm",
        Guest::Joined,
        |scene| {
            from_other(scene, "later");
            scene.host.advance_millis(1_000);
        },
        &[FULL, LEFT],
    ),
    (
        "the admin API",
        Guest::Joined,
        |scene| {
            scene.admin("emit", r#"{"event":"full"}"#);
            scene.admin("disconnect", r#"{"close":true}"#);
        },
        &[FULL, LEFT],
    ),
    (
        "a packet that cannot be read",
        Guest::Joined,
        |scene| {
            from_other(scene, "say");
            scene.post("49");
        },
        &[FULL],
    ),
    (
        "a second CONNECT",
        Guest::Joined,
        |scene| {
            from_other(scene, "say");
            scene.post("40");
        },
        &[FULL],
    ),
    ("on_connect", Guest::New, |scene| scene.post(r#"40{"kicked":true}"#), &["40", FULL, LEFT]),
    ("a packet before CONNECT", Guest::New, |scene| scene.post(r#"42["full"]"#), &[]),
    ("plain Engine.IO", Guest::Plain, |scene| scene.post("4hello"), &["4full"]),
];

fn from_other(scene: &mut Scene, event: &str) {
    let other = scene.other;
    scene.host.text(other, &format!(r#"42["{event}"]"#));
}

/// Removes the socket's id, which differs in each run.
fn without_id(packet: &str) -> &str {
    if packet.starts_with("40{") { "40" } else { packet }
}

fn everybody_goes(host: &mut Host, socket: Option<SocketNo>) {
    for no in (0..host.runtime().sockets.len()).filter(|no| Some(*no) != socket) {
        host.gone(no, dormouse::socket::Reason::TransportClose);
    }
}

#[test]
fn what_waits_is_polled_alone_and_then_the_close() {
    for (name, guest, how, words) in WAYS {
        for sleeps in [false, true] {
            let mut scene = Scene::new(guest, sleeps);
            how(&mut scene);
            if !words.is_empty() {
                let payload = scene.get().unwrap_or_else(|| panic!("{name}: the session is gone"));
                let heard: Vec<_> = payload.split(' ').map(without_id).collect();
                assert_eq!(heard, words, "{name}");
            }
            assert_eq!(scene.get().as_deref(), Some("6 1"), "{name}");
            assert_eq!(scene.get(), None, "{name}");
            everybody_goes(&mut scene.host, None);
            assert!(scene.host.sleep(), "{name}: something keeps the world awake");
        }
    }
}

#[test]
fn what_waits_is_sent_on_the_websocket_that_takes_over() {
    for (name, guest, how, words) in WAYS {
        for (sleeps, is_probed_before) in [(false, true), (true, true), (false, false)] {
            let mut scene = Scene::new(guest, sleeps);
            let probe = is_probed_before.then(|| scene.probe());
            how(&mut scene);
            let socket = probe.unwrap_or_else(|| scene.probe());
            let heard = scene.take_over(socket);
            let (last, heard) = heard.split_last().expect("the close");
            assert_eq!(last, "Closed(1000)", "{name}");
            assert_eq!(heard.iter().map(|frame| without_id(frame)).collect::<Vec<_>>(), words, "{name}");
            assert_eq!(scene.get(), None, "{name}");
            everybody_goes(&mut scene.host, Some(socket));
            assert!(scene.host.sleep(), "{name}: something keeps the world awake");
        }
    }
}
