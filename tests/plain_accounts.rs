//! The accounts of plain Engine.IO: who fills the world's handlers or other readers is closed, and nobody else.
#![expect(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/harness/mod.rs"]
mod harness;

use core::future::pending;

use dormouse::internal::{Config, Protocol};
use dormouse::socket::EngineSocket;
use dormouse::value::Frame;
use dormouse::{Ack, App, Io, Storage};

use harness::{Host, SocketNo, To, What, config};

/// As in `limits.rs`.
const MAX_CLIENT_HANDLERS: usize = 1_000;

const WEBSOCKET: &str = "EIO=4&transport=websocket";

/// A message `wait` waits for ever, `row` writes a row, and `answer` is answered; `/` has the event `x`.
fn app() -> App {
    async fn message(socket: EngineSocket, message: Frame, storage: Storage, io: Io) -> Result<(), dormouse::Failure> {
        match message {
            Frame::Text(text) if &*text == "row" => storage.put("row", &1)?,
            Frame::Text(text) if &*text == "log" => io.log("logged"),
            Frame::Text(text) if &*text == "answer" => socket.send(Frame::text("answered")),
            _ => pending().await,
        }
        Ok(())
    }
    App::new()
        .namespace("/", |ns| ns.on("x", async || Ack(1)))
        .engine(|engine| engine.raw(|raw| raw.on_message(message)))
}

/// Returns a world with a session of plain Engine.IO and another one, and with one of Socket.IO.
fn world(config: Config, naps: bool) -> (Host, [SocketNo; 3]) {
    let mut host = Host::new(config, app);
    let clients = [Protocol::EngineIo, Protocol::EngineIo, Protocol::SocketIo].map(|protocol| {
        let no = host.open_websocket(WEBSOCKET, protocol).expect("a WebSocket");
        host.answers_pings.insert(no);
        no
    });
    host.text(clients[2], "40");
    if naps {
        assert!(host.sleep());
    }
    host.take_said();
    (host, clients)
}

fn closed(host: &Host) -> Vec<(SocketNo, u16)> {
    let closes = host.runtime().said.iter().filter_map(|said| match (said.to, &said.what) {
        (To::Socket(no), What::Closed(code)) => Some((no, *code)),
        _ => None,
    });
    closes.collect()
}

/// Asserts that the other clients are served.
fn assert_served(host: &mut Host, plain: SocketNo, joined: SocketNo) {
    host.text(joined, r#"420["x"]"#);
    assert!(host.runtime().texts_of(joined).contains(&"430[1]".to_owned()), "{:?}", host.runtime().texts_of(joined));
    host.text(plain, "4answer");
    assert!(host.runtime().texts_of(plain).contains(&"4answered".to_owned()));
}

#[test]
fn who_fills_the_handlers_is_closed_and_nobody_else() {
    for naps in [false, true] {
        for message in ["4x".to_owned(), format!("4{}", "x".repeat(100_000))] {
            let (mut host, [greedy, other, joined]) = world(Config::default(), naps);
            for _ in 0..=MAX_CLIENT_HANDLERS {
                if closed(&host).is_empty() {
                    host.text(greedy, &message);
                }
            }
            assert_eq!(closed(&host), [(greedy, 1008)]);
            assert!(host.runtime().log.iter().any(|line| line.ends_with("too many of its messages wait")));
            assert_served(&mut host, other, joined);
            assert_eq!(closed(&host), [(greedy, 1008)]);
        }
    }
}

#[test]
fn rows_are_charged_to_whose_message_wrote_them() {
    for naps in [false, true] {
        let (mut host, [greedy, other, joined]) = world(config(&[("MAX_ROWS_PER_SECOND", "1")]), naps);
        // A burst of a hundred, and the one that exceeds it.
        for _ in 0..101 {
            host.text(greedy, "4row");
        }
        assert_eq!(closed(&host), []);
        host.text(greedy, "4log");
        assert_eq!(closed(&host), [(greedy, 1008)]);
        assert!(!host.runtime().log.contains(&"logged".to_owned()));
        assert_served(&mut host, other, joined);
    }
}

mod to_others {
    use super::*;

    use core::cell::RefCell;

    thread_local! {
        static SESSIONS: RefCell<Vec<EngineSocket>> = const { RefCell::new(Vec::new()) };
    }

    /// An app that passes each message on to all sessions.
    fn relay() -> App {
        async fn pass_on(message: Frame) {
            let sessions = SESSIONS.with_borrow(Clone::clone);
            for session in sessions {
                session.send(message.clone());
            }
        }
        App::new().engine(|engine| {
            engine.raw(|raw| {
                raw.on_connection(async |socket: EngineSocket| SESSIONS.with_borrow_mut(|all| all.push(socket)))
                    .on_message(pass_on)
            })
        })
    }

    #[test]
    fn what_others_get_is_charged_to_who_sent_it() {
        SESSIONS.take();
        let mut host = Host::new(config(&[("MAX_DELIVERIES_PER_SECOND", "1")]), relay);
        let [greedy, other] =
            [(); 2].map(|()| host.open_websocket(WEBSOCKET, Protocol::EngineIo).expect("a WebSocket"));
        for _ in 0..12 {
            host.text(greedy, "4hi");
        }
        assert_eq!(closed(&host), [(greedy, 1008)]);
        let heard = host.runtime().texts_of(other).iter().filter(|text| *text == "4hi").count();
        assert_eq!(heard, 11);
        host.text(other, "4ho");
        assert_eq!(closed(&host), [(greedy, 1008)]);
    }

    /// One client's burst to readers that do not read as fast closes none of them.
    #[test]
    fn a_burst_closes_no_reader() {
        for count in [1, 3, 20] {
            SESSIONS.take();
            let mut host = Host::new(config(&[("PING_INTERVAL_MS", "86400000")]), relay);
            let mut open = || {
                let no = host.open_websocket(WEBSOCKET, Protocol::EngineIo).expect("a WebSocket");
                host.answers_pings.insert(no);
                no
            };
            let (greedy, readers) = (open(), (0..count).map(|_| open()).collect::<Vec<_>>());
            for &reader in &readers {
                host.runtime_mut().sockets[reader].stalled = true;
            }
            let message = format!("4{}", "x".repeat(200_000));
            for _ in 0..220 {
                if closed(&host).is_empty() {
                    host.text(greedy, &message);
                }
            }
            assert_eq!(closed(&host), [(greedy, 1008)], "{count} readers");
        }
    }
}
