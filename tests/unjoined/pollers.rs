//! Sessions that poll: those that are silent make room, whether they have joined or not.

use super::*;

/// A client that is there has a GET that hangs, or asks again within a round trip. All others make room, whatever they sent.
#[test]
fn a_client_joins_a_world_that_is_full_of_sessions_that_have_joined_and_left_it_at_that() {
    // Of the fourth, the close is never fetched; of the fifth, the body of a second POST never comes.
    let bodies: [&[u8]; 5] = [b"40", b"40", b"40/slow,", b"40", b"40"];
    for naps in [false, true] {
        for (way, body) in bodies.into_iter().enumerate() {
            let mut world = World::new(Config::default(), naps);
            let hanging = world.open();
            world.connect(&hanging);
            let get = world.0.poll(&hanging);
            let asking = world.open();
            world.connect(&asking);
            let strangers: Vec<_> = (2..MAX_POLLING_SESSIONS)
                .map(|_| {
                    let sid = world.open();
                    world.0.post(&sid, body);
                    match way {
                        1 => drop(world.get(&sid)),
                        3 => {
                            while world.0.next_turn() {}
                            world.0.post(&sid, br#"42["leave"]"#);
                        }
                        4 => _ = world.0.request("POST", &format!("{POLLING}&sid={sid}"), Protocol::SocketIo, false),
                        _ => {}
                    }
                    sid
                })
                .collect();
            while world.0.next_turn() {}
            world.0.advance_millis(2_000);
            world.0.post(&asking, b"3");
            world.0.advance_millis(1_500);
            let client = world.try_open(Protocol::SocketIo).unwrap_or_else(|| panic!("there is no room, way {way}"));
            assert!(world.connect(&client).starts_with("40{"));
            let further: Vec<_> = (0..20).map(|_| world.open()).collect();
            assert!([&hanging, &asking, &client].into_iter().all(|sid| world.exists(sid)), "way {way}");
            assert_eq!(world.0.answer_of(get), None);
            let there = strangers.iter().chain(&further).filter(|sid| world.exists(sid)).count();
            assert_eq!(there, MAX_POLLING_SESSIONS - 3);
            assert!(!world.exists(&strangers[0]), "another one went first, way {way}");
        }
    }
}

#[test]
fn clients_that_poll_keep_their_sessions() {
    let mut world = World::new(Config::default(), false);
    for n in 0..MAX_POLLING_SESSIONS {
        let sid = world.open();
        world.0.post(&sid, b"40");
        world.get(&sid);
        // Of some, no GET hangs for a moment.
        if n % 2 == 0 {
            world.0.poll(&sid);
        }
    }
    assert_eq!(world.try_open(Protocol::SocketIo), None, "a session that has joined made room");
    world.0.advance_millis(1_999);
    assert_eq!(world.try_open(Protocol::EngineIo), None, "a session that has joined made room");
    world.0.advance_millis(1);
    assert!(world.try_open(Protocol::EngineIo).is_some());
}

#[test]
fn one_address_takes_a_part_of_the_room_for_those_who_poll() {
    let mut world = World::new(Config::default(), false);
    let other = world.open_from("203.0.113.7");
    world.connect(&other);
    let mut crowd: Vec<_> = (0..200)
        .map(|_| {
            let sid = world.open_from("198.51.100.1");
            world.connect(&sid);
            sid
        })
        .collect();
    // Nobody of this address has been silent for long.
    assert_eq!(world.try_open(Protocol::SocketIo), None);
    "203.0.113.8".clone_into(&mut world.0.handshake.address);
    assert!(world.try_open(Protocol::SocketIo).is_some());
    world.0.advance_millis(2_000);
    world.0.poll(&crowd[0]);
    crowd.push(world.open_from("198.51.100.1"));
    let gone: Vec<_> = (0..crowd.len()).filter(|&place| !world.exists(&crowd[place])).collect();
    assert_eq!(gone, [1]);
    assert!(world.exists(&other));
    // Once it is on a WebSocket, a session takes no room.
    let upgraded =
        world.0.open_websocket(&format!("{WEBSOCKET}&sid={}", crowd[2]), Protocol::SocketIo).expect("a WebSocket");
    world.0.text(upgraded, "2probe");
    world.0.text(upgraded, "5");
    world.open_from("198.51.100.1");
    assert!(crowd[3..].iter().all(|sid| world.exists(sid)));
}
