//! Lone surrogates, which JavaScript makes when it cuts an emoji in two: passed through unchanged, read as U+FFFD.

use core::time::Duration;

use bytes::Bytes;
use dormouse::extract::{AckContext, AckResult, AlarmContext, EventName, Json};
use dormouse::internal::limits::UNFINISHED_STORED_AFTER;
use dormouse::response::HttpResponse;
use dormouse::socket::Handshake;
use dormouse::testing::TestClient;
use dormouse::{Ack, App, Args, Auth, Data, Failure, Io, Room, Socket, Storage};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::kit::{NOTHING, answer, awake_and_asleep, clients, heard};

const SECOND: Duration = Duration::from_secs(1);

/// A client's `"hello 😀".slice(0, 7)` in JSON.
const HALF: &str = r#""hello \ud83d""#;

/// The text that a handler reads.
const READ: &str = "hello \u{fffd}";

/// `[HALF]` after a handler has read and written it.
const ANSWER: &str = "[\"hello \u{fffd}\"]";

fn half() -> Box<RawValue> {
    RawValue::from_string(HALF.to_owned()).expect("JSON")
}

#[derive(Deserialize)]
struct Message {
    text: String,
    image: Bytes,
}

fn app() -> App {
    App::new()
        .namespace("/", |ns| {
            ns.on("string", async |Data(text): Data<String>| Ack(text))
                .on("value", async |Data(value): Data<Value>| Ack((value,)))
                .on("first", async |Data((first, _)): Data<(String, Option<String>)>| Ack(first))
                .on("message", async |Data((text, Message { image, text: inner })): Data<(String, Message)>| {
                    Ack((text, inner, image))
                })
                .on("at 1", async |args: Args| args.get::<String>(1).map(Ack))
                .on("values", async |args: Args| Ok::<_, Failure>(Ack(args.to_values()?)))
                .on("args", async |args: Args| Ack(args))
                .on("raw", async |Data(raw): Data<Box<RawValue>>| Ack((raw,)))
                .on("ask", async |socket: Socket| {
                    Ack(socket.emit_with_ack::<String>("question", ()).await.map_err(|error| error.to_string()))
                })
                .on("note", async |socket: Socket, Data(context): Data<Box<RawValue>>| {
                    socket.ack_to("noted", context).emit("question", ())
                })
                .on_ack(
                    "noted",
                    async |io: Io, AckResult(answer): AckResult<String>, AckContext(context): AckContext<String>| {
                        io.log(format!("{context} {answer:?}"));
                    },
                )
                .on("alarm", async |io: Io, Data(context): Data<Box<RawValue>>| io.set_alarm("rings", SECOND, context))
                .on("keep", async |socket: Socket, storage: Storage, Data(raw): Data<Box<RawValue>>| {
                    storage.put("kept", &raw)?;
                    socket.set_data(&raw)
                })
                .on("kept", async |socket: Socket, storage: Storage| {
                    Ok::<_, Failure>(Ack((socket.data::<String>()?, storage.get::<String>("kept")?)))
                })
                .on("rooms", async |socket: Socket| {
                    let rooms: Vec<String> =
                        socket.rooms().iter().skip(1).map(|room: &Room| room.as_str().to_owned()).collect();
                    Ack((rooms,))
                })
                .fallback(async |EventName(name): EventName| Ack(&*name == READ))
        })
        .namespace("/guarded", |ns| {
            ns.guard(async |handshake: Handshake, Auth(auth): Auth<Value>| match handshake.auth::<Value>() {
                Ok(again) if again == auth && auth["name"] == READ => Ok(()),
                other => Err(Failure::new("OTHER", format!("{other:?}"))),
            })
        })
        .on_alarm("rings", async |io: Io, AlarmContext(context): AlarmContext<String>| io.log(context))
        .route("POST", "/json", async |Json(text): Json<String>| HttpResponse::text(200, text))
}

/// Returns the acknowledgement of an event.
fn ask(client: &TestClient, event: &str, args: impl dormouse::value::IntoArgs) -> String {
    answer(&client.emit_with_ack(event, args)).expect("an answer")
}

#[test]
fn arguments_are_read_with_a_replacement() {
    awake_and_asleep(app, |world| {
        let [anna] = clients(world, "/");
        world.nap();
        assert_eq!(ask(&anna, "string", half()), ANSWER);
        assert_eq!(ask(&anna, "value", half()), ANSWER);
        let member = RawValue::from_string(r#"{"\ud83d":["\ude00\ud83d","\ud83d\ude00"]}"#.to_owned()).expect("JSON");
        assert_eq!(ask(&anna, "value", member), "[{\"\u{fffd}\":[\"\u{fffd}\u{fffd}\",\"\u{1f600}\"]}]");
        assert_eq!(ask(&anna, "first", ("whole", half())), r#"["whole"]"#);
        assert_eq!(ask(&anna, "at 1", (half(), half())), ANSWER);
        assert_eq!(ask(&anna, "values", (half(), 1)), format!("[[{READ:?},1]]"));
        assert!(anna.is_connected());
    });
}

#[test]
fn a_binary_message_keeps_its_attachments() {
    awake_and_asleep(app, |world| {
        let [anna] = clients(world, "/");
        world.nap();
        let ack = anna.emit_with_ack("first", ("to have an id",));
        world.nap();
        let message = r#"{"image":{"_placeholder":true,"num":0},"text":"\ude00"}"#;
        anna.send_packet(&format!(r#"451-0["message",{HALF},{message}]"#));
        // The packet is in memory, and keeps the world awake, before it is stored.
        world.advance(UNFINISHED_STORED_AFTER);
        world.nap();
        anna.send_packet("bcG5n");
        let told = ack.args().expect("an acknowledgement").parse();
        assert_eq!(told, Ok((READ.to_owned(), "\u{fffd}".to_owned(), Bytes::from_static(b"png"))));
    });
}

#[test]
fn what_is_handed_on_stays_as_it_was() {
    awake_and_asleep(app, |world| {
        let [anna] = clients(world, "/");
        world.nap();
        assert_eq!(
            ask(&anna, "args", (half(), Bytes::from_static(&[1]))),
            format!(r#"[{HALF},{{"_placeholder":true,"num":0}}]"#)
        );
        assert_eq!(ask(&anna, "raw", half()), format!("[{HALF}]"));
    });
}

#[test]
fn an_event_may_have_such_a_name() {
    awake_and_asleep(app, |world| {
        let [anna] = clients(world, "/");
        world.nap();
        let ack = anna.emit_with_ack("first", ("to have an id",));
        assert!(answer(&ack).is_some());
        for (packet, told) in [(r#"420["hello \ud83d"]"#, "[true]"), (r#"420["string\ude00","a"]"#, "[false]")] {
            world.nap();
            anna.send_packet(packet);
            assert_eq!(answer(&ack).as_deref(), Some(told), "{packet}");
        }
        assert!(anna.is_connected());
    });
}

#[test]
fn auth_is_read_with_a_replacement() {
    awake_and_asleep(app, |world| {
        world.nap();
        let auth = RawValue::from_string(format!(r#"{{"name":{HALF}}}"#)).expect("JSON");
        assert!(world.try_connect("/guarded", auth).is_ok());
    });
}

#[test]
fn acknowledgements_and_contexts_are_read_with_a_replacement() {
    awake_and_asleep(app, |world| {
        let [anna] = clients(world, "/");
        world.nap();
        let ack = anna.emit_with_ack("ask", ());
        anna.ack(&anna.next_event().expect("the question"), half());
        assert_eq!(answer(&ack), Some(format!("[{{\"Ok\":{READ:?}}}]")));
        anna.emit("note", half());
        world.nap();
        anna.ack(&anna.next_event().expect("the question"), half());
        assert_eq!(world.logged(), [format!("{READ} Ok({READ:?})")]);
        anna.emit("alarm", half());
        world.nap();
        world.advance(SECOND);
        assert_eq!(world.logged().last().map(String::as_str), Some(READ));
        assert_eq!(heard(&anna), NOTHING);
    });
}

#[test]
fn what_is_kept_is_read_with_a_replacement() {
    awake_and_asleep(app, |world| {
        let [anna] = clients(world, "/");
        anna.emit("keep", half());
        world.nap();
        assert_eq!(ask(&anna, "kept", ()), format!("[{READ:?},{READ:?}]"));
    });
}

#[test]
fn requests_are_read_with_a_replacement() {
    awake_and_asleep(app, |world| {
        let [anna] = clients(world, "/");
        world.nap();
        assert_eq!(&*world.request("POST", "/json", HALF).body, READ.as_bytes());
        // The same lone surrogate as raw bytes, as Java and Python write it, and a character that was cut between its bytes.
        for body in [&b"\"\xed\xa0\xbd\""[..], b"\"\xf0\x9f\x98\""] {
            assert!(world.request("POST", "/json", body).body.starts_with("\u{fffd}".as_bytes()));
        }
        let call = world.admin("join", r#"{"join":["room \ud83d"],"rooms":[]}"#);
        assert_eq!(call.response().expect("an answer").status, 200);
        assert_eq!(ask(&anna, "rooms", ()), "[[\"room \u{fffd}\"]]");
        let call =
            world.admin("emit", format!(r#"{{"event":"{}","rooms":["room \ude00"],"args":[{HALF}]}}"#, r"half \ud83d"));
        assert_eq!(call.response().expect("an answer").status, 200);
        assert_eq!(heard(&anna).first().map(|event| event.starts_with("half \u{fffd} ")), Some(true));
    });
}
