//! What is stored of sessions, and when: what a client can cause to be written, and what a wake reads.
#![expect(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/harness/mod.rs"]
mod harness;

use dormouse::internal::{Config, Host, Protocol};
use dormouse::value::Frame;
use harness::{What, apps};

const WEBSOCKET: &str = "EIO=4&transport=websocket";

/// The text of a packet with ten attachments.
fn ten() -> String {
    let places: Vec<_> = (0..10).map(|num| format!(r#"{{"_placeholder":true,"num":{num}}}"#)).collect();
    format!(r#"4510-["message",{}]"#, places.join(","))
}

fn open(host: &mut Host) -> usize {
    host.open_websocket(WEBSOCKET, Protocol::SocketIo).expect("accepted")
}

/// Opens a session, and joins the main namespace with an auth object that does not fit into an attachment.
fn join_with_long_auth(host: &mut Host) -> usize {
    let no = open(host);
    host.text(no, &format!(r#"40{{"token":"{}"}}"#, "x".repeat(16_000)));
    no
}

fn rooms_of(count: usize) -> String {
    (0..count).map(|room| format!(r#""room {room}""#)).collect::<Vec<_>>().join(",")
}

fn part(host: &mut Host, no: usize, bytes: usize) {
    host.frame(no, Frame::Binary(vec![7; bytes].into()));
}

fn stored_parts(host: &Host) -> usize {
    host.runtime().parts.values().fold(0, |sum, parts| sum + parts.len())
}

fn is_closed(host: &mut Host, no: usize) -> bool {
    host.take_said().iter().any(|said| said.to == harness::To::Socket(no) && matches!(said.what, What::Closed(_)))
}

#[test]
fn no_snapshot_has_a_secret_of_the_request() {
    let mut host = Host::new(Config::default(), apps::echo);
    let secrets = ["cookie", "authorization", "proxy-authorization", "x-token"];
    host.handshake.headers = secrets.map(|name| (name.to_owned(), "swordfish".to_owned())).into();
    host.handshake.headers.push(("origin".to_owned(), "https://a.example".to_owned()));
    let no = open(&mut host);
    for is_joined in [false, true] {
        if is_joined {
            host.text(no, "40");
        }
        let attachment = host.runtime().sockets[no].attachment.clone().expect("written");
        assert!(attachment.contains("a.example") && !attachment.contains("swordfish"), "{attachment}");
    }
}

#[test]
fn binary_packets_beside_a_long_auth_write_nothing() {
    for sleeps in [false, true] {
        let mut host = Host::new(Config::default(), apps::echo);
        let no = join_with_long_auth(&mut host);
        let before = host.runtime().rows_written;
        for _ in 0..20 {
            assert!(!sleeps || host.sleep(), "{:?}", host.held_awake_by());
            host.text(no, &ten());
            for bytes in [2_000; 10] {
                part(&mut host, no, bytes);
                host.advance_millis(100);
            }
        }
        assert_eq!(host.runtime().rows_written, before, "sleeps: {sleeps}");
        assert!(!is_closed(&mut host, no));
    }
}

/// The time counts from the packet's first message: a client cannot keep a world awake by a part now and then.
#[test]
fn an_unfinished_packet_is_stored_before_its_world_could_hibernate() {
    let mut host = Host::new(Config::default(), apps::echo);
    let no = open(&mut host);
    host.text(no, "40");
    host.text(no, &ten());
    for parts in 1..10 {
        part(&mut host, no, 2_000);
        assert!(!host.sleep(), "{parts} parts are in memory");
        assert_eq!(stored_parts(&host), (parts - 1) / 2 * 2);
        host.advance_millis(3_000);
        if parts % 2 == 0 {
            assert!(host.sleep(), "{parts} parts are stored: {:?}", host.held_awake_by());
        }
    }
    part(&mut host, no, 2_000);
    assert!(host.runtime().texts_of(no).iter().any(|text| text.starts_with("4510-")), "it is echoed");
    assert!(host.runtime().parts.is_empty());
    assert!(host.sleep());
}

/// As the protocol says: what follows belongs to nothing. The client connects again.
#[test]
fn an_unfinished_packet_that_is_lost_closes_its_connection() {
    let mut host = Host::new(Config::default(), apps::echo);
    let no = open(&mut host);
    host.text(no, "40");
    host.text(no, &ten());
    part(&mut host, no, 1);
    host.lose_memory();
    assert!(!is_closed(&mut host, no));
    part(&mut host, no, 1);
    assert!(is_closed(&mut host, no));
}

/// Whatever of a session's rows is lost or is not its own, it costs that session only.
#[test]
fn damaged_rows_cost_one_socket() {
    let mut host = Host::new(Config::default(), apps::echo);
    let sockets = [join_with_long_auth(&mut host), join_with_long_auth(&mut host)];
    host.text(sockets[0], &format!(r#"42["join",{}]"#, rooms_of(1_500)));
    let rows = host.runtime().spilled.clone();
    assert_eq!(rows.len(), 3, "texts and state of the first one are in rows, and texts of the other");
    for key in rows.keys() {
        let others = rows.iter().filter(|((sid, _), _)| *sid != key.0).map(|(_, rows)| rows.clone());
        for damage in others.chain([Vec::new(), vec![b"{}".to_vec()]]) {
            let mut host = Host::new(Config::default(), apps::echo);
            let sockets = [join_with_long_auth(&mut host), join_with_long_auth(&mut host)];
            host.text(sockets[0], &format!(r#"42["join",{}]"#, rooms_of(1_500)));
            assert!(host.sleep());
            host.runtime_mut().spilled.insert(*key, damage);
            for no in sockets {
                host.text(no, r#"42["message",1]"#);
            }
            let open = sockets.iter().filter(|&&no| host.runtime().sockets[no].open).count();
            assert_eq!(open, 1, "{key:?}");
        }
    }
}
