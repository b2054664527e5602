//! Every way in which a connection or a socket ends, with the reasons that handlers get: those of the reference server,
//! socket.io 4.8 with engine.io 6.6.

use core::time::Duration;

use dormouse::routing::Routes;
use dormouse::socket::Reason;
use dormouse::testing::TestClient;
use dormouse::{App, Failure, Io, Socket};

use crate::kit::{World, awake_and_napping, gate, with_variable};

/// An app that logs reasons: of a socket, after its namespace's name, and of the connection.
fn app() -> App {
    fn routes(ns: Routes) -> Routes {
        ns.on("leave", async |socket: Socket| socket.disconnect(false))
            .on("hang up", async |socket: Socket| socket.disconnect(true))
            .on("empty", async |io: Io| io.disconnect_sockets(true))
            .on("close", async |io: Io| io.close())
            .on_disconnect(async |socket: Socket, reason: Reason, io: Io| {
                io.log(format!("{} {reason}", socket.namespace().as_str()));
            })
    }
    let waits = async || -> Result<(), Failure> {
        gate("never").await;
        Ok(())
    };
    App::new()
        .namespace("/", routes)
        .namespace("/other", routes)
        .namespace("/slow", |ns| ns.guard(waits))
        .engine(|engine| engine.on_close(async |reason: Reason, io: Io| io.log(format!("conn {reason}"))))
}

/// A way to end a client in `/`, and the lines that are logged for it.
struct Row {
    name: &'static str,
    how: fn(&World, &TestClient),
    logged: &'static [&'static str],
}

const fn row(name: &'static str, how: fn(&World, &TestClient), logged: &'static [&'static str]) -> Row {
    Row { name, how, logged }
}

const FORCED: &[&str] = &["/ forced close", "conn forced close"];
const ERROR: &[&str] = &["/ transport error", "conn transport error"];
const PARSE: &[&str] = &["/ parse error", "conn parse error"];
const CLOSE: &[&str] = &["/ transport close", "conn transport close"];

/// The client sends packets that the state of its namespaces does not allow.
const WRONG_STATE: [Row; 9] = [
    row("a second CONNECT", |_, anna| anna.send_packet("40"), FORCED),
    row("a second CONNECT with auth", |_, anna| anna.send_packet(r#"40{"a":1}"#), FORCED),
    row("CONNECT_ERROR", |_, anna| anna.send_packet(r#"44{"message":"no"}"#), FORCED),
    row("CONNECT_ERROR elsewhere", |_, anna| anna.send_packet(r#"44/other,{"message":"no"}"#), FORCED),
    row("an event for a namespace that is not joined", |_, anna| anna.send_packet(r#"42/other,["x"]"#), FORCED),
    row("an acknowledgement for one", |_, anna| anna.send_packet("43/other,1[]"), FORCED),
    row("a DISCONNECT for one", |_, anna| anna.send_packet("41/other,"), FORCED),
    row(
        "an event for one whose guard waits",
        |_, anna| {
            anna.send_packet("40/slow,");
            anna.send_packet(r#"42/slow,["x"]"#);
        },
        FORCED,
    ),
    row(
        "an event after the DISCONNECT",
        |_, anna| {
            let _other = anna.also_connect("/other");
            anna.send_packet("41");
            anna.send_packet(r#"42["x"]"#);
        },
        &["/ client namespace disconnect", "/other forced close", "conn forced close"],
    ),
];

/// The client sends packets that Socket.IO or Engine.IO cannot parse or does not allow.
const UNREADABLE: [Row; 11] = [
    row("no packet type", |_, anna| anna.send_packet("4abc"), FORCED),
    row("an unknown packet type", |_, anna| anna.send_packet("49"), FORCED),
    row("a reserved event", |_, anna| anna.send_packet(r#"42["disconnect"]"#), FORCED),
    row("a payload that is no array", |_, anna| anna.send_packet("42{}"), FORCED),
    row("auth that is no object", |_, anna| anna.send_packet("40/other,[]"), FORCED),
    row("too many attachments", |_, anna| anna.send_packet(r#"4511-["x"]"#), FORCED),
    row("an attachment without its packet", |_, anna| anna.send_packet("bAQ=="), FORCED),
    row(
        "text instead of an attachment",
        |_, anna| {
            anna.send_packet(r#"451-["x",{"_placeholder":true,"num":0}]"#);
            anna.send_packet(r#"42["x"]"#);
        },
        FORCED,
    ),
    row("an unknown Engine.IO packet", |_, anna| anna.send_packet("9"), PARSE),
    row("a ping, which only servers send", |_, anna| anna.send_packet("2"), ERROR),
    row("a close packet", |_, anna| anna.send_packet("1"), CLOSE),
];

/// The connection is lost, or one side closes it properly.
const ENDS: [Row; 9] = [
    row("the client closes the connection", |_, anna| anna.close(), CLOSE),
    row("the client leaves the namespace", |_, anna| anna.disconnect(), &["/ client namespace disconnect"]),
    row("disconnect(false)", |_, anna| anna.emit("leave", ()), &["/ server namespace disconnect"]),
    row(
        "disconnect(true)",
        |_, anna| {
            let _other = anna.also_connect("/other");
            anna.emit("hang up", ());
        },
        &["/ server namespace disconnect", "/other server namespace disconnect", "conn forced close"],
    ),
    row(
        "disconnect(true) of one that joins",
        |_, anna| {
            anna.send_packet("40/slow,");
            anna.emit("hang up", ());
        },
        &["/ server namespace disconnect", "conn forced close"],
    ),
    row(
        "disconnect_sockets(true)",
        |_, anna| anna.emit("empty", ()),
        &["/ server namespace disconnect", "conn forced close"],
    ),
    row(
        "Io::close",
        |_, anna| {
            let _other = anna.also_connect("/other");
            anna.emit("close", ());
        },
        &["/ server shutting down", "/other server shutting down", "conn forced close"],
    ),
    row(
        "no pong",
        |world, anna| {
            anna.stop_reading();
            world.advance(Duration::from_mins(2));
        },
        &["/ ping timeout", "conn ping timeout"],
    ),
    row("nothing", |world, _| world.advance(Duration::from_mins(2)), &[]),
];

/// What ends a session on a WebSocket only. By polling, an empty POST is accepted and one that is too long is refused, and the
/// session continues.
const WEBSOCKET_ONLY: [Row; 3] = [
    row("an empty Engine.IO packet", |_, anna| anna.send_packet(""), PARSE),
    row("the connection is lost", |_, anna| anna.lose(), ERROR),
    row("a message that is too long", |_, anna| anna.send_packet(&format!("4{}", "2".repeat(1_000_000))), ERROR),
];

fn check(row: &Row, polling: bool) {
    awake_and_napping(app, |world| {
        let client = world.client();
        let anna = if polling { client.polling().connect("/") } else { client.connect("/") };
        if !polling {
            world.nap();
        }
        (row.how)(world, &anna);
        assert_eq!(world.logged(), row.logged, "{}, polling: {polling}", row.name);
    });
}

#[test]
fn every_end_has_the_references_reasons_on_a_websocket() {
    for row in [&WRONG_STATE[..], &UNREADABLE, &ENDS, &WEBSOCKET_ONLY].into_iter().flatten() {
        check(row, false);
    }
}

/// The reference server reports `forced server close` if a client violates a namespace's state between two polls: of its two
/// listeners for the close, the other one is called first then. Dormouse reports the same reason on every transport.
#[test]
fn every_end_has_the_same_reasons_by_polling() {
    for row in [&WRONG_STATE[..], &UNREADABLE, &ENDS].into_iter().flatten() {
        check(row, true);
    }
}

#[test]
fn a_client_that_joins_nothing_in_time_has_no_socket_to_tell() {
    with_variable(app, "CONNECT_TIMEOUT_MS", "1000", |world| {
        let _refused = world.client().start("/nowhere").expect("a connection");
        world.nap();
        world.advance(Duration::from_secs(1));
        assert_eq!(world.logged(), ["conn forced close"]);
    });
}
