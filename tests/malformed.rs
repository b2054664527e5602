//! Malformed input: whatever a client sends, it ends at most its own session, and other clients get the next event.
#![expect(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/harness/mod.rs"]
mod harness;

use bytes::Bytes;
use dormouse::internal::Protocol;
use dormouse::internal::{Response, limits};
use dormouse::socket::Reason;
use dormouse::value::Frame;
use proptest::prelude::*;

use harness::{Bystanders, Host, HttpNo, deterministic, own_heartbeat, shared_heartbeat, sid_of};

/// Valid packets of every type, each usable as a frame and as a packet of a payload.
const FRAMES: [&str; 20] = [
    "2probe",
    "3",
    "5",
    "6",
    "bAQIDBA==",
    "40",
    "40/custom",
    r#"40/custom,{"token":"é"}"#,
    "41",
    "41/custom,",
    r#"42["message"]"#,
    r#"42["message",1,-2.5e-3,true,null,"a\"\u00e9\n",{"b":[[]]}]"#,
    r#"4212["message-with-ack",{"a":"b"}]"#,
    r#"42/custom,7["message",[1]]"#,
    r#"42["to",["red"],["$"],"x"]"#,
    "431[1]",
    r#"451-["message",{"_placeholder":true,"num":0}]"#,
    r#"452-/custom,3["message",[{"_placeholder":true,"num":1},{"num":0,"_placeholder":true}]]"#,
    r#"461-4[{"_placeholder":true,"num":0}]"#,
    r#"44{"message":"x"}"#,
];

/// Bytes that have a meaning somewhere in a packet, and some that have none.
const BYTES: [u8; 28] = *b"0123456789b\"\\/,-[]{}:._ \x1e\0\x7f\xff";

/// A world with two bystanders, in which misbehaving sessions are opened.
struct World {
    host: Host,
    bystanders: Bystanders,
}

impl World {
    fn new() -> Self {
        let mut host = Host::new(shared_heartbeat(), harness::apps::echo);
        let bystanders = Bystanders::new(&mut host);
        Self { host, bystanders }
    }

    /// Opens a session on a WebSocket, joins both namespaces, and sends the frames.
    fn suffer_frames(&mut self, frames: impl IntoIterator<Item = Frame>) {
        let no = self.host.open_websocket("EIO=4&transport=websocket", Protocol::SocketIo).expect("a WebSocket");
        self.host.text(no, "40");
        self.host.text(no, "40/custom,");
        for frame in frames {
            self.host.frame(no, frame);
        }
        self.host.sleep();
        self.bystanders.talk(&mut self.host);
        self.host.gone(no, Reason::TransportClose);
        self.end();
    }

    /// Opens a session that polls, joins both namespaces, and posts the bodies; asserts that every request is answered.
    fn suffer_bodies<'a>(&mut self, bodies: impl IntoIterator<Item = &'a [u8]>) {
        let http = self.host.request("GET", "EIO=4&transport=polling", Protocol::SocketIo, false);
        let Some(Response::Payload(open)) = self.host.answer_of(http) else { panic!("no OPEN packet") };
        let sid = sid_of(open);
        self.host.post(&sid, b"40\x1e40/custom,");
        self.host.poll(&sid);
        let hanging = self.host.poll(&sid);
        for body in bodies {
            let http = self.host.post(&sid, body);
            assert!(self.host.answer_of(http).is_some(), "{:?} has no answer", String::from_utf8_lossy(body));
        }
        self.bystanders.talk(&mut self.host);
        // Reads what waits; if the session still exists, the next poll hangs, and another one ends it.
        while {
            let http = self.host.poll(&sid);
            !self.is_refused(http)
        } {}
        assert!(self.host.answer_of(hanging).is_some());
        self.end();
    }

    fn is_refused(&self, http: HttpNo) -> bool {
        matches!(self.host.answer_of(http), Some(Response::Refused(_)))
    }

    /// Asserts that nothing is left of the session.
    fn end(&mut self) {
        self.host.take_said();
        assert_eq!(self.host.unanswered(), Vec::<usize>::new());
        assert_eq!(self.host.server().session_count(), 2);
        // The virtual runtime keeps every connection that was ever opened, which becomes slow after some thousands.
        if self.host.runtime().sockets.len() + self.host.request_count() > 500 {
            *self = Self::new();
        }
    }
}

fn text(text: impl AsRef<str>) -> Frame {
    Frame::text(text.as_ref())
}

/// Returns each of the packets cut off at every byte, and with each byte replaced, removed, and repeated.
fn almost_right() -> impl Iterator<Item = Vec<u8>> {
    FRAMES.iter().flat_map(|frame| {
        let whole = frame.as_bytes();
        (0..whole.len()).flat_map(move |at| {
            let (before, behind) = (&whole[..at], &whole[at + 1..]);
            let replaced = BYTES.iter().map(move |byte| [before, &[*byte], behind].concat());
            let (cut, without) = (before.to_vec(), [before, behind].concat());
            let twice = [&whole[..=at], &whole[at..]].concat();
            replaced.chain([cut, without, twice])
        })
    })
}

#[test]
fn frames_that_are_almost_right_cost_one_session_at_most() {
    let mut world = World::new();
    for bytes in almost_right() {
        // Bytes that are not UTF-8 cannot arrive as a text frame.
        let frame = String::from_utf8(bytes).map_or_else(|error| Frame::Binary(error.into_bytes().into()), text);
        world.suffer_frames([frame, Frame::Binary(Bytes::from_static(&[1])), text(r#"42["message"]"#)]);
    }
}

#[test]
fn bodies_that_are_almost_right_cost_one_session_at_most() {
    let mut world = World::new();
    for bytes in almost_right() {
        world.suffer_bodies([&*bytes, b"bAQ==", br#"42["message"]"#]);
    }
}

#[test]
fn payloads_with_one_packet_that_is_almost_right_cost_one_session_at_most() {
    let mut world = World::new();
    for bytes in almost_right().step_by(7) {
        world.suffer_bodies([&*[b"42[\"message\",1]\x1e", &*bytes, b"\x1e42[\"message\",2]"].concat()]);
    }
}

#[test]
fn huge_numbers_are_refused_or_carried() {
    let mut world = World::new();
    for digits in ["9".repeat(15), "9".repeat(16), "9".repeat(20), "9".repeat(400), "0".repeat(400)] {
        for frame in [
            format!(r#"42{digits}["message-with-ack"]"#),
            format!(r#"42["message",{digits},-{digits},1e{digits},0.{digits}]"#),
            format!("42[{digits}]"),
            format!("43{digits}[]"),
            format!(r#"45{digits}-["message"]"#),
            format!(r#"451-["message",{{"_placeholder":true,"num":{digits}}}]"#),
            format!(r#"451-["message",{{"_placeholder":true,"num":1e{digits}}}]"#),
            format!("40{digits}"),
            digits.clone(),
        ] {
            world.suffer_frames([text(&frame), text("3")]);
            world.suffer_bodies([frame.as_bytes()]);
        }
    }
}

#[test]
fn deep_json_is_refused_or_carried() {
    let mut world = World::new();
    for depth in [100, 127, 128, 129, 10_000, 200_000] {
        for (open, close) in [("[", "]"), (r#"{"a":"#, "}"), (r#"[{"a":"#, "}]")] {
            let deep = format!("{}1{}", open.repeat(depth), close.repeat(depth));
            let unclosed = open.repeat(depth);
            for json in [&deep, &unclosed] {
                world.suffer_frames([text(format!(r#"42["message",{json}]"#))]);
                world.suffer_frames([text(format!(r#"42["to",{json}]"#))]);
                world.suffer_frames([text(format!(r#"451-["message",{json}]"#)), Frame::Binary(Bytes::new())]);
                world.suffer_frames([text(format!(r#"40/x,{{"a":{json}}}"#))]);
                world.suffer_frames([text(format!("431{json}"))]);
                world.suffer_bodies([format!(r#"42["message",{json}]"#).as_bytes()]);
            }
        }
    }
}

#[test]
fn names_of_any_length_and_letters_are_refused_or_carried() {
    let mut world = World::new();
    for letters in ["a", "é", "\u{1f42d}", "\\u0000", "/", "?", "%00"] {
        for times in [1, 300, 30_000] {
            let name = letters.repeat(times);
            for frame in [
                format!("40/{name}"),
                format!("40/{name},{{}}"),
                format!(r#"42/{name},["message"]"#),
                format!(r#"42["{name}"]"#),
                format!(r#"42["join","{name}"]"#),
                format!("b{name}"),
            ] {
                world.suffer_frames([text(&frame)]);
                world.suffer_bodies([frame.as_bytes()]);
            }
        }
    }
}

#[test]
fn frames_of_any_kind_cost_one_session_at_most() {
    let frame = prop_oneof![
        any::<String>().prop_map(text),
        ("[0-7b]?[0-6]?", any::<String>()).prop_map(|(head, tail)| text(head + &tail)),
        ("4[256][0-9]{0,3}-?(/[a-z]{0,3},)?[0-9]{0,3}", r#"[\[{"',:0-9a-z\]}\\]{0,30}"#)
            .prop_map(|(a, b)| text(a + &b)),
        proptest::collection::vec(any::<u8>(), 0..40).prop_map(|bytes| Frame::Binary(bytes.into())),
        proptest::sample::select(&FRAMES[..]).prop_map(text),
    ];
    let frames = proptest::collection::vec(frame, 1..12);
    let run = deterministic(1500).run(&frames, |frames| {
        World::new().suffer_frames(frames);
        Ok(())
    });
    run.expect("whatever the frames");
}

#[test]
fn bodies_of_any_kind_cost_one_session_at_most() {
    let packet = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..60),
        "[0-7b\u{1e}]?[0-6]?[\\[{\"',:0-9a-z\\]}\u{1e}]{0,30}".prop_map(String::into_bytes),
        proptest::sample::select(&FRAMES[..]).prop_map(|frame| frame.as_bytes().to_vec()),
    ];
    let body = proptest::collection::vec(packet, 0..6).prop_map(|packets| packets.join(&0x1e));
    let bodies = proptest::collection::vec(body, 1..6);
    let run = deterministic(1000).run(&bodies, |bodies| {
        World::new().suffer_bodies(bodies.iter().map(Vec::as_slice));
        Ok(())
    });
    run.expect("whatever the bodies");
}

#[test]
fn queries_of_any_kind_are_answered() {
    let value =
        prop_oneof![Just("4".to_owned()), Just("polling".to_owned()), Just("websocket".to_owned()), any::<String>()];
    let key = prop_oneof![Just("EIO"), Just("transport"), Just("sid"), Just("t")];
    let query = proptest::collection::vec((key, value), 0..6);
    let run = deterministic(1500).run(&query, |pairs| {
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        let mut host = Host::new(own_heartbeat(), harness::apps::echo);
        let mut bystanders = Bystanders::new(&mut host);
        for method in ["GET", "POST", "PUT"] {
            let http = host.request(method, &query, Protocol::SocketIo, false);
            prop_assert!(host.answer_of(http).is_some());
        }
        let _ = host.open_websocket(&query, Protocol::SocketIo);
        bystanders.talk(&mut host);
        Ok(())
    });
    run.expect("whatever the query");
}

#[test]
fn packets_that_never_end_do_not_fill_the_world() {
    let mut world = World::new();
    let part = Bytes::from(vec![7; 990_000]);
    let mut open = Vec::new();
    for _ in 0..30 {
        let no = world.host.open_websocket("EIO=4&transport=websocket", Protocol::SocketIo).expect("a WebSocket");
        world.host.answers_pings.insert(no);
        world.host.text(no, "40");
        world.host.text(no, r#"4510-["message",{"_placeholder":true,"num":0}]"#);
        for _ in 0..3 {
            world.host.frame(no, Frame::Binary(part.clone()));
        }
        // Their packets are stored only then.
        world.host.advance(limits::UNFINISHED_STORED_AFTER);
        assert!(world.host.sleep());
        open.push(no);
    }
    world.bystanders.talk(&mut world.host);
    // A world stores 24 MB of its clients, which hold three parts from each of 8: the others are closed.
    let is_open = |&no: &usize| world.host.runtime().sockets[no].attachment.is_some();
    let kept = open.iter().copied().filter(|no| is_open(no)).count();
    assert!((7..=8).contains(&kept), "{kept} are kept");
    for no in open {
        world.host.gone(no, Reason::TransportClose);
    }
    world.suffer_frames([text(r#"451-["message",{"_placeholder":true,"num":0}]"#), Frame::Binary(part)]);
}
