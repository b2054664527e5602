//! How many rows one client can cause: at most one a second, after the first ten, whatever it sends. What is not written yet is
//! in memory, and the world does not sleep before it is written.
#![expect(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/harness/mod.rs"]
mod harness;

use dormouse::error::EmitError;
use dormouse::internal::{Config, Host, Protocol};
use dormouse::value::Frame;
use dormouse::{Ack, App, Data, Failure, Socket, Storage};
use harness::SocketNo;
use serde_json::{Value, json};

fn app() -> App {
    let routes = |ns: dormouse::routing::Routes| {
        ns.on("join", async |socket: Socket, Data(rooms): Data<Vec<String>>| socket.join(rooms).map(Ack))
            .on("leave", async |socket: Socket, Data(rooms): Data<Vec<String>>| socket.leave(rooms))
            .on("set", async |socket: Socket, Data(data): Data<Value>| socket.set_data(&data))
            .on("ask", async |socket: Socket, Data(context): Data<String>| {
                socket.ack_to("noted", context).emit("question", ())
            })
            .on_ack("noted", async || {})
            .on("look", async |socket: Socket| {
                let data = socket.data::<Value>()?;
                Ok::<_, Failure>(Ack((socket.rooms().len(), data)))
            })
            .on("put", async |storage: Storage, Data(rows): Data<u32>| {
                (0..rows).try_for_each(|row| storage.put("last", &row))
            })
            .on("echo", async |socket: Socket, args: dormouse::Args| {
                socket.emit("echoed", args)?;
                Ok::<_, EmitError>(())
            })
    };
    App::new().namespace("/", routes).namespace("/n-{n}", routes)
}

struct Client {
    host: Host,
    no: SocketNo,
}

impl Client {
    /// Opens a session, and joins `/` with an auth object of so many bytes.
    fn new(auth: usize) -> Self {
        let mut host = Host::new(Config::default(), app);
        let no = host.open_websocket("EIO=4&transport=websocket", Protocol::SocketIo).expect("accepted");
        host.answers_pings.insert(no);
        let mut client = Self { host, no };
        client.text(&format!(r#"40{{"token":"{}"}}"#, "x".repeat(auth)));
        client
    }

    fn text(&mut self, text: &str) {
        self.host.text(self.no, text);
    }

    fn emit(&mut self, event: &str, data: &Value) {
        self.text(&format!("42{}", json!([event, data])));
    }

    /// Returns the number of rooms and the data of its socket in `/`.
    fn look(&mut self) -> Value {
        self.host.take_said();
        self.text(r#"429["look"]"#);
        let texts = self.host.runtime().texts_of(self.no);
        let answer = texts.iter().find_map(|text| text.strip_prefix("439")).expect("an answer");
        serde_json::from_str(answer).expect("JSON")
    }

    fn rows(&self) -> usize {
        self.host.runtime().rows_written
    }

    /// Hibernates the world, after the time that it may be awake for what it has to write, and ten idle seconds.
    fn sleep(&mut self) {
        for _ in 0..120 {
            if self.host.held_awake_by().is_none() {
                self.host.advance_millis(10_000);
                assert!(self.host.sleep(), "nothing happened in ten seconds");
                return;
            }
            self.host.advance_millis(1_000);
        }
        panic!("{:?}", self.host.held_awake_by());
    }

    /// Does something four times a second for a minute, and returns how many rows it caused.
    fn rows_of_a_minute(&mut self, mut step: impl FnMut(&mut Self, usize)) -> usize {
        let before = self.rows();
        for number in 0..240 {
            step(self, number);
            self.host.advance_millis(250);
        }
        self.rows() - before
    }
}

fn names(prefix: &str, count: usize) -> Value {
    json!((0..count).map(|n| format!("{prefix} {n}")).collect::<Vec<_>>())
}

const LONG_AUTH: usize = 16_000;

#[test]
fn the_auth_object_is_written_once() {
    let mut client = Client::new(LONG_AUTH);
    assert_eq!(client.rows(), 1);
    for number in 0..3 {
        let rows = client.rows_of_a_minute(|client, step| {
            client.emit(if step % 2 == 0 { "join" } else { "leave" }, &json!(["red", "green"]));
            client.emit("set", &json!({ "step": step }));
            client.emit("ask", &json!("x".repeat(50)));
        });
        assert_eq!(rows, 0, "in the minute {number}");
        client.sleep();
        assert_eq!(client.look(), json!([1, { "step": 239 }]));
    }
}

#[test]
fn an_account_that_outlasts_a_nap_costs_no_row() {
    let mut client = Client::new(LONG_AUTH);
    let names = names(&"x".repeat(100), 200);
    client.emit("join", &names);
    client.sleep();
    for rows in [20, 40, 300] {
        let before = client.rows();
        client.emit("put", &json!(rows));
        client.sleep();
        assert_eq!(client.rows(), before, "after {rows} rows of the app");
    }
    assert!(client.look().to_string().contains("RATE_LIMITED"));
}

#[test]
fn namespaces_beside_a_long_auth_object_have_a_rate() {
    let mut client = Client::new(LONG_AUTH);
    let rows = client.rows_of_a_minute(|client, _| {
        client.text("40/n-1,");
        client.text("41/n-1,");
    });
    assert!((50..=71).contains(&rows), "{rows} rows");
    client.text("40/n-2,");
    client.sleep();
    client.text(r#"42/n-2,["echo",1]"#);
    assert!(client.host.runtime().texts_of(client.no).contains(&r#"42/n-2,["echoed",1]"#.to_owned()));
}

/// Auth objects that come and go, so that all fits into the attachment and does not, in turn.
#[test]
fn what_fits_and_does_not_in_turn_has_a_rate() {
    let mut client = Client::new(10);
    let auth = "x".repeat(LONG_AUTH);
    let rows = client.rows_of_a_minute(|client, _| {
        client.text(&format!(r#"40/n-1,{{"token":"{auth}"}}"#));
        client.text("41/n-1,");
    });
    assert!(rows <= 71, "{rows} rows");
    client.sleep();
    assert!(client.host.runtime().spilled.is_empty(), "all fits again");
    assert_eq!(client.look(), json!([1, null]));
}

#[test]
fn rooms_data_and_questions_that_do_not_fit_have_a_rate() {
    for auth in [10, LONG_AUTH] {
        let mut client = Client::new(auth);
        client.emit("join", &names("a room with a long name", 700));
        let rows = client.rows_of_a_minute(|client, step| {
            client.emit(if step % 2 == 0 { "join" } else { "leave" }, &json!(["red"]));
        });
        assert!((50..=71).contains(&rows), "{rows} rows");
        client.sleep();
        assert_eq!(client.look(), json!([701, null]));
        let rows = client.rows_of_a_minute(|client, step| {
            client.emit("set", &json!([step, "x".repeat(16_000)]));
            client.emit("ask", &json!("x".repeat(1_000)));
        });
        assert!((50..=71).contains(&rows), "{rows} rows");
        client.sleep();
        assert_eq!(client.look()[1][0], 239);
        // The same again is no change.
        let rows = client.rows_of_a_minute(|client, _| client.emit("set", &json!([239, "x".repeat(16_000)])));
        assert!(rows <= 1, "{rows} rows");
    }
}

/// Packets that are slow enough to be stored, with parts that have rows of their own, one after another.
#[test]
fn slow_packets_have_a_rate() {
    for sleeps in [false, true] {
        let mut client = Client::new(LONG_AUTH);
        let (before, began) = (client.rows(), client.host.runtime().now);
        let places: Vec<_> = (0..10).map(|num| json!({ "_placeholder": true, "num": num })).collect();
        for number in 0..20_u8 {
            client.text(&format!("4510-{}", json!(["echo", places])));
            for part in 0..10 {
                let bytes = vec![number * 10 + part; 2_000];
                client.host.frame(client.no, Frame::Binary(bytes.into()));
                if part == 8 {
                    client.host.advance_millis(6_000);
                    if sleeps {
                        client.sleep();
                    }
                }
            }
            let said = client.host.take_said();
            let bytes: Vec<u8> = said
                .iter()
                .filter_map(|said| match &said.what {
                    harness::What::Frame(Frame::Binary(bytes)) => bytes.first().copied(),
                    _ => None,
                })
                .collect();
            assert_eq!(bytes, (number * 10..=number * 10 + 9).collect::<Vec<_>>(), "sleeps: {sleeps}");
        }
        let rows = client.rows() - before;
        let seconds = client.host.runtime().now.since(began).as_secs();
        // One more write of at most ten rows may begin with the last one.
        assert!(rows as u64 <= seconds + 10 + 10, "{rows} rows in {seconds} s, sleeps: {sleeps}");
        client.sleep();
        assert!(client.host.runtime().parts.is_empty());
    }
}
