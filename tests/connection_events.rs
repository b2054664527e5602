//! The events of connections, which Socket.IO has on `socket.conn`.

#[path = "support/told/mod.rs"]
mod told;

use core::time::Duration;

use dormouse::internal::Config;
use dormouse::internal::Protocol;
use dormouse::internal::Response;
use dormouse::internal::limits;
use dormouse::internal::{Host, Said, To, What};
use dormouse::routing::{EngineRoutes, Routes};
use dormouse::socket::{Conn, EngineSocket, Handshake, Reason};
use dormouse::testing::{TestEvent, TestWorld};
use dormouse::value::{EnginePacket, Frame, PacketKind};
use dormouse::{Ack, App, Data, Failure, Io, Socket};
use serde_json::{Value, json};
use told::{POLLING, WEBSOCKET, get, sid_of, take_told, tell};

fn app() -> App {
    fn routes(ns: Routes) -> Routes {
        ns.on("say", async |socket: Socket, Data(text): Data<String>| {
            tell(json!(["say", text]));
            socket.emit("said", text)?;
            Ok::<_, Failure>(Ack(()))
        })
        .on("kick", async |socket: Socket| socket.disconnect(true))
        .on_disconnect(async |reason: Reason| tell(json!(["disconnect", reason.as_str()])))
    }
    fn text(packet: &EnginePacket) -> Value {
        let data = match &packet.data {
            Some(Frame::Text(text)) => json!(&**text),
            Some(Frame::Binary(bytes)) => json!(bytes.to_vec()),
            None => Value::Null,
        };
        json!([packet.kind.as_str(), data])
    }
    App::new().namespace("/", routes).namespace("/watch", |ns| ns).engine(|engine| {
        engine
            .on_upgrade(async |conn: Conn, io: Io| {
                tell(json!(["upgrade", conn.transport(), conn.upgraded(), io.clients_count()]));
            })
            .on_packet(async |conn: Conn, packet: EnginePacket| {
                tell(json!(["packet", conn.transport(), text(&packet)]));
            })
            .on_packet_create(async |packet: EnginePacket, io: Io| {
                tell(json!(["create", text(&packet)]));
                // This packet goes to `/watch`, and does not call this handler again.
                io.of("/watch")?.emit("created", packet.kind.as_str())?;
                Ok::<_, Failure>(())
            })
            .on_close(async |conn: Conn, reason: Reason| {
                tell(json!(["close", conn.transport(), reason.as_str()]));
            })
    })
}

fn create(text: &str) -> Value {
    json!(["create", ["message", text]])
}

fn packet(transport: &str, text: &str) -> Value {
    json!(["packet", transport, ["message", text]])
}

/// Returns what was recorded, with lines that contain ids replaced.
fn told_without_ids() -> Vec<Value> {
    let mut told = take_told();
    for line in told.iter_mut().filter(|line| line.to_string().contains("0{")) {
        *line = json!("joined");
    }
    told
}

#[test]
fn packets_are_told_both_ways() {
    for sleeps in [false, true] {
        let world = TestWorld::new(app);
        let anna = world.connect("/");
        assert_eq!(told_without_ids(), [packet("websocket", "0"), json!("joined")]);
        if sleeps {
            world.sleep();
        }
        anna.emit_with_ack("say", ("hello",));
        let lines = [
            packet("websocket", r#"20["say","hello"]"#),
            json!(["say", "hello"]),
            create(r#"2["said","hello"]"#),
            create("30[]"),
        ];
        assert_eq!(take_told(), lines);
        if sleeps {
            world.sleep();
        }
        anna.close();
        let closed = [json!(["disconnect", "transport close"]), json!(["close", "websocket", "transport close"])];
        assert_eq!(take_told(), closed);
    }
}

#[test]
fn what_the_handler_of_created_packets_emits_is_not_told_to_it() {
    for sleeps in [false, true] {
        let world = TestWorld::new(app);
        world.sleep_after_every_event(sleeps);
        let anna = world.connect("/watch");
        let ben = world.connect("/watch");
        take_told();
        ben.also_connect("/").emit("say", ("hello",));
        let created = told_without_ids().iter().filter(|line| line.get(0) == Some(&json!("create"))).count();
        assert_eq!(created, 1, "the event; the line of the answer to CONNECT is replaced");
        let heard: Vec<_> = anna.take_events();
        // Ben's second CONNECT in `/watch`, that in `/`, and the event.
        assert!(heard.len() >= 2 && heard.iter().all(|event| *event == TestEvent::new("created", ("message",))));
    }
}

#[test]
fn an_upgrade_is_told_and_so_are_packets_by_polling() {
    for sleeps in [false, true] {
        let mut host = Host::new(Config::default(), app);
        let opened = get(&mut host, POLLING);
        let sid = sid_of(&host, opened);
        host.post(&sid, b"40\x1ebAQI=");
        let told_by_polling = told_without_ids();
        assert_eq!(told_by_polling.first(), Some(&packet("polling", "0")));
        assert!(told_by_polling.contains(&json!(["packet", "polling", ["message", [1, 2]]])));

        // The session above was closed, and would keep its world awake until the close is read.
        let mut host = Host::new(Config::default(), app);
        let opened = get(&mut host, POLLING);
        let sid = sid_of(&host, opened);
        host.post(&sid, b"40");
        take_told();
        let socket = host.open_websocket(&format!("{WEBSOCKET}&sid={sid}"), Protocol::SocketIo).expect("an upgrade");
        host.text(socket, "2probe");
        assert_eq!(take_told(), [] as [Value; 0], "what only probes is no packet of the session");
        host.text(socket, "5");
        assert_eq!(take_told(), [json!(["upgrade", "websocket", true, 1])]);
        if sleeps {
            assert!(host.sleep());
        }
        host.text(socket, r#"42["kick"]"#);
        let lines = [
            packet("websocket", r#"2["kick"]"#),
            create("1"),
            json!(["disconnect", "server namespace disconnect"]),
            json!(["close", "websocket", "forced close"]),
        ];
        assert_eq!(take_told(), lines);
    }
}

#[test]
fn pings_are_told_where_each_session_has_its_own() {
    for sleeps in [false, true] {
        let config = Config { ping_interval: Duration::from_millis(300), ..Config::default() };
        let mut host = Host::new(config, app);
        host.sleepy = sleeps;
        let socket = host.open_websocket(WEBSOCKET, Protocol::SocketIo).expect("a session");
        host.text(socket, "40");
        take_told();
        host.advance_millis(300);
        host.text(socket, "3");
        assert_eq!(take_told(), [json!(["create", ["ping", null]]), json!(["packet", "websocket", ["pong", null]])]);
    }
    assert_eq!(PacketKind::Noop.as_str(), "noop");
}

#[test]
fn where_nobody_watches_packets_none_is_told() {
    fn app() -> App {
        let engine = |engine: EngineRoutes| engine.on_close(async |reason: Reason| tell(json!(reason.as_str())));
        App::new().namespace("/", |ns| ns).engine(engine)
    }
    let world = TestWorld::new(app);
    let anna = world.connect("/");
    anna.emit("say", ("hello",));
    anna.lose();
    assert_eq!(take_told(), [json!("transport error")]);
}

#[test]
fn a_session_that_is_closed_twice_is_told_once_and_read_to_its_end() {
    async fn bye(socket: EngineSocket) {
        socket.send(Frame::text("bye"));
        socket.close();
        socket.close();
    }
    fn app() -> App {
        App::new().engine(|engine| {
            engine
                .raw(|raw| raw.on_message(bye).on_close(async |reason: Reason| tell(json!(["plain", reason.as_str()]))))
                .on_close(async |reason: Reason| tell(json!(["close", reason.as_str()])))
        })
    }
    let told = [json!(["plain", "forced close"]), json!(["close", "forced close"])];
    let mut host = Host::new(Config::default(), app);
    let opened = host.request("GET", POLLING, Protocol::EngineIo, false);
    let sid = sid_of(&host, opened);
    host.post(&sid, b"4hello");
    assert_eq!(take_told(), told);
    for payload in ["4bye", "6\u{1e}1"] {
        let http = host.poll(&sid);
        assert_eq!(host.answer_of(http), Some(&Response::Payload(payload.to_owned())));
    }

    // Hibernated only on a WebSocket, because a session that polls keeps its world awake.
    for sleeps in [false, true] {
        let mut host = Host::new(Config::default(), app);
        host.sleepy = sleeps;
        let socket = host.open_websocket(WEBSOCKET, Protocol::EngineIo).expect("a session");
        host.take_said();
        host.text(socket, "4hello");
        assert_eq!(take_told(), told);
        assert_eq!(host.runtime().texts_of(socket), ["4bye"]);
        assert!(host.take_said().iter().any(|said| matches!(said.what, What::Closed(_))));
    }
}

#[test]
fn plain_sessions_are_told_when_they_open_and_close() {
    fn app() -> App {
        App::new().namespace("/", |ns| ns).engine(|engine| {
            engine.raw(|raw| {
                raw.on_connection(async |socket: EngineSocket| {
                    tell(json!("first"));
                    socket.send(Frame::text("welcome"));
                })
                .on_connection(async || tell(json!("second")))
                .on_message(async |socket: EngineSocket, message: Frame| socket.send(message))
                .on_close(async |reason: Reason| tell(json!(reason.as_str())))
            })
        })
    }
    for sleeps in [false, true] {
        let mut host = Host::new(Config::default(), app);
        host.sleepy = sleeps;
        // A session of Socket.IO calls none of these handlers.
        let other = host.open_websocket(WEBSOCKET, Protocol::SocketIo).expect("a session");
        host.text(other, "40");
        host.gone(other, Reason::TransportClose);
        assert_eq!(take_told(), [] as [Value; 0]);

        let socket = host.open_websocket(WEBSOCKET, Protocol::EngineIo).expect("a session");
        assert_eq!(take_told(), ["first", "second"].map(Value::from));
        host.text(socket, "4hello");
        let texts = host.runtime().texts_of(socket);
        assert_eq!(texts.get(1..), Some(&["4welcome".to_owned(), "4hello".to_owned()][..]));
        host.gone(socket, Reason::TransportError);
        assert_eq!(take_told(), [json!("transport error")]);

        let polling = host.request("GET", POLLING, Protocol::EngineIo, false);
        assert_eq!(take_told(), ["first", "second"].map(Value::from));
        let sid = sid_of(&host, polling);
        host.post(&sid, b"1");
        assert_eq!(take_told(), [json!("transport close")]);
    }
}

#[test]
fn plain_sessions_know_their_request_and_their_connection() {
    fn app() -> App {
        fn said(conn: Conn, handshake: &Handshake) -> Value {
            json!([
                conn.transport(),
                conn.upgraded(),
                handshake.query_param("n"),
                handshake.header("user-agent"),
                handshake.url()
            ])
        }
        App::new().namespace("/", |ns| ns).engine(|engine| {
            engine.raw(|raw| {
                raw.on_connection(async |conn: Conn, handshake: Handshake| tell(said(conn, &handshake)))
                    .on_message(async |socket: EngineSocket, conn: Conn, handshake: Handshake| {
                        assert_eq!((socket.conn(), socket.id()), (conn, conn.id()));
                        let written = json!(handshake);
                        assert_eq!(json!(socket.handshake()), written);
                        assert_eq!((&written["query"]["n"], &written["url"]), (&json!("7"), &json!(handshake.url())));
                        assert_eq!((&written["secure"], &written["auth"]), (&json!(handshake.is_secure()), &json!({})));
                        tell(said(conn, &handshake));
                    })
                    .on_close(async |conn: Conn, handshake: Handshake| tell(said(conn, &handshake)))
            })
        })
    }
    for sleeps in [false, true] {
        let mut host = Host::new(Config::default(), app);
        host.sleepy = sleeps;
        let socket = host.open_websocket(&format!("{WEBSOCKET}&n=7"), Protocol::EngineIo).expect("a session");
        let first = take_told();
        assert_eq!((&first[0][0], &first[0][2]), (&json!("websocket"), &json!("7")));
        host.text(socket, "4hello");
        assert_eq!(take_told(), first);
        host.gone(socket, Reason::TransportError);
        assert_eq!(take_told(), first);
        let polling = host.request("GET", POLLING, Protocol::EngineIo, false);
        assert_eq!(take_told()[0][0], "polling");
        let sid = sid_of(&host, polling);
        host.post(&sid, b"1");
        assert_eq!(take_told()[0][0], "polling");
    }
}

/// Plain Engine.IO with handlers that wait until the test resumes them.
mod waiting {
    use core::cell::{Cell, RefCell};

    use futures::channel::oneshot;

    use super::*;

    thread_local! {
        static GATE: RefCell<Vec<oneshot::Sender<()>>> = const { RefCell::new(Vec::new()) };
        static STARTED: Cell<usize> = const { Cell::new(0) };
    }

    async fn gate() {
        let (sender, receiver) = oneshot::channel();
        GATE.with_borrow_mut(|gate| gate.push(sender));
        let _ = receiver.await;
    }

    fn open(host: &mut Host) {
        for sender in GATE.take() {
            let _ = sender.send(());
        }
        host.handle_woken();
    }

    fn app() -> App {
        async fn message(socket: EngineSocket, message: Frame) {
            STARTED.set(STARTED.get() + 1);
            gate().await;
            if message == Frame::text("close") {
                socket.close();
            } else {
                socket.send(Frame::text("for whoever asked"));
            }
        }
        App::new().engine(|engine| engine.raw(|raw| raw.on_message(message).on_close(async || tell(json!("closed")))))
    }

    #[test]
    fn what_a_handler_does_for_a_session_that_is_gone_reaches_nobody() {
        for sleeps in [false, true] {
            GATE.take();
            let mut host = Host::new(Config::default(), app);
            for message in ["4send", "4close"] {
                let gone = host.open_websocket(WEBSOCKET, Protocol::EngineIo).expect("a session");
                host.text(gone, message);
                host.gone(gone, Reason::TransportClose);
                assert_eq!(take_told(), [json!("closed")]);
                // Reuses the slot of the session that ended.
                let other = host.open_websocket(WEBSOCKET, Protocol::EngineIo).expect("a session");
                host.take_said();
                open(&mut host);
                assert_eq!(host.take_said(), []);
                assert_eq!(take_told(), [] as [Value; 0]);
                if sleeps {
                    assert!(host.sleep());
                }
                host.text(other, "4send");
                open(&mut host);
                assert_eq!(host.runtime().texts_of(other), ["4for whoever asked"]);
                host.gone(other, Reason::TransportClose);
                take_told();
            }
        }
    }

    #[test]
    fn messages_that_wait_are_bounded() {
        for sleeps in [false, true] {
            GATE.take();
            STARTED.set(0);
            let mut host = Host::new(Config::default(), app);
            let [socket, other] =
                [(); 2].map(|()| host.open_websocket(WEBSOCKET, Protocol::EngineIo).expect("a session"));
            if sleeps {
                assert!(host.sleep());
            }
            for _ in 0..30_000 {
                host.text(socket, "4hello");
            }
            assert!(STARTED.get() <= limits::MAX_PENDING_HANDLERS, "{} handlers wait", STARTED.get());
            let closed = |said: &Said| said.to == To::Socket(socket) && matches!(said.what, What::Closed(_));
            let is_told = host.runtime().log.iter().any(|line| line.contains("Engine.IO"));
            assert!(host.take_said().iter().any(closed) || is_told, "the sender is closed, or it is refused");
            open(&mut host);
            host.take_said();
            host.text(other, "4hello");
            open(&mut host);
            assert_eq!(host.runtime().texts_of(other), ["4for whoever asked"]);
        }
    }
}
