//! Benches of the core's most frequent operations. `cargo bench` measures the time; `npm run bench:instructions` counts
//! instructions and allocations, which are the same on every run.

mod world;

use std::hint::black_box;

use bytes::Bytes;
use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use dormouse::Namespace;
use dormouse::internal::AckId;
use dormouse::internal::attachment;
use dormouse::internal::engineio;
use dormouse::internal::{Decoder, Packet, encode_ack, encode_event};
use dormouse::value::Frame;
use world::{World, event};

const CLIENTS: [usize; 4] = [10, 100, 1_000, 5_000];

/// Bytes of an event's string, unless a bench says otherwise.
const PAYLOAD: usize = 100;

/// Number of rooms in worlds with rooms.
const ROOMS: usize = 100;

fn main() {
    divan::main();
}

/// Decoding a frame to a Socket.IO packet.
mod decode {
    use super::{Bencher, Bytes, BytesCount, Decoder, Frame, PAYLOAD, black_box, event, packet_of};

    #[divan::bench]
    fn event_text(bencher: Bencher<'_, '_>) {
        text(bencher, &event("all", None, PAYLOAD));
    }

    #[divan::bench]
    fn event_that_asks(bencher: Bencher<'_, '_>) {
        text(bencher, &event("ask", Some(123), PAYLOAD));
    }

    #[divan::bench]
    fn event_of_16_kb(bencher: Bencher<'_, '_>) {
        text(bencher, &event("all", None, 16_384));
    }

    #[divan::bench]
    fn event_with_an_attachment(bencher: Bencher<'_, '_>) {
        let frame = Frame::text(r#"451-["all",{"_placeholder":true,"num":0}]"#);
        let bytes = Bytes::from(vec![7; PAYLOAD]);
        let mut decoder = Decoder::default();
        bencher.bench_local(|| {
            assert!(packet_of(&mut decoder, &frame).is_none(), "its attachment is missing");
            decoder.handle_binary(bytes.clone(), PAYLOAD)
        });
    }

    fn text(bencher: Bencher<'_, '_>, text: &str) {
        let frame = Frame::text(text);
        let mut decoder = Decoder::default();
        bencher.counter(BytesCount::of_str(text)).bench_local(|| packet_of(&mut decoder, black_box(&frame)));
    }
}

/// Encoding arguments to a frame's text.
mod encode {
    use super::{AckId, Bencher, Frame, Namespace, PAYLOAD, Packet, encode_ack, encode_event, event, packet};

    #[divan::bench(args = [PAYLOAD, 16_384])]
    fn event_for_a_broadcast(bencher: Bencher<'_, '_>, bytes: usize) {
        let Some(Packet::Event { namespace, event, args, .. }) = packet(&event("all", None, bytes)) else { return };
        bencher.bench_local(|| {
            let mut text = String::new();
            encode_event(&namespace, None, &event, &args, &mut text);
            Frame::text(text)
        });
    }

    #[divan::bench]
    fn ack(bencher: Bencher<'_, '_>) {
        let Some(Packet::Event { args, .. }) = packet(&event("ask", Some(7), PAYLOAD)) else { return };
        let namespace = Namespace::main();
        bencher.bench_local(|| {
            let mut text = String::new();
            encode_ack(&namespace, AckId(7), &args, &mut text);
            Frame::text(text)
        });
    }
}

/// A whole turn: from a frame through the app's handlers to the effects.
mod turn {
    use super::{Bencher, CLIENTS, ItemsCount, PAYLOAD, ROOMS, World, event};

    #[divan::bench(args = CLIENTS)]
    fn relay_to_the_others(bencher: Bencher<'_, '_>, others: usize) {
        let world = World::new(others + 1, 1);
        relay(bencher.counter(ItemsCount::new(others)), world, "all");
    }

    #[divan::bench(args = CLIENTS)]
    fn relay_to_a_room(bencher: Bencher<'_, '_>, others: usize) {
        let world = World::new(others + 1, 1);
        relay(bencher.counter(ItemsCount::new(others)), world, "room");
    }

    #[divan::bench(args = CLIENTS)]
    fn relay_to_one_room_of_100(bencher: Bencher<'_, '_>, clients: usize) {
        relay(bencher, World::new(clients, ROOMS), "room");
    }

    #[divan::bench(args = CLIENTS)]
    fn relay_bytes(bencher: Bencher<'_, '_>, others: usize) {
        let mut world = World::new(others + 1, 1);
        let (from, bytes) = (world.somebody(), [7; PAYLOAD]);
        bencher.counter(ItemsCount::new(others)).bench_local(|| {
            world.text(from, r#"451-["all",{"_placeholder":true,"num":0}]"#);
            world.bytes(from, &bytes);
        });
    }

    #[divan::bench(args = CLIENTS)]
    fn ack_round_trip(bencher: Bencher<'_, '_>, clients: usize) {
        let mut world = World::new(clients, 1);
        let (from, text) = (world.somebody(), event("ask", Some(7), PAYLOAD));
        bencher.bench_local(|| world.text(from, &text));
    }

    /// All clients connect to an empty world.
    #[divan::bench(args = CLIENTS)]
    fn connect(bencher: Bencher<'_, '_>, clients: usize) {
        let rooms = || World::new(0, 1);
        bencher.counter(ItemsCount::new(clients)).with_inputs(rooms).bench_local_refs(|world| {
            (0..clients).for_each(|client| world.connect(client % ROOMS));
        });
    }

    fn relay(bencher: Bencher<'_, '_>, mut world: World, name: &str) {
        let (from, text) = (world.somebody(), event(name, None, PAYLOAD));
        bencher.bench_local(|| world.text(from, &text));
    }
}

/// The cost of hibernation.
mod sleep {
    use super::{Bencher, CLIENTS, ItemsCount, ROOMS, World, attachment, black_box};

    #[divan::bench(args = CLIENTS)]
    fn heartbeat(bencher: Bencher<'_, '_>, clients: usize) {
        let mut world = World::new(clients, ROOMS);
        bencher.counter(ItemsCount::new(clients)).bench_local(|| world.ring());
    }

    #[divan::bench(args = CLIENTS)]
    fn heartbeat_asleep(bencher: Bencher<'_, '_>, clients: usize) {
        let (mut world, _) = World::new(clients, ROOMS).sleep();
        bencher.counter(ItemsCount::new(clients)).bench_local(|| world.ring());
        assert!(world.shell.is_asleep(), "a heartbeat builds nothing");
    }

    #[divan::bench(args = CLIENTS)]
    fn write_all(bencher: Bencher<'_, '_>, clients: usize) {
        let (mut world, mut attachment) = (World::new(clients, ROOMS), String::new());
        bencher.counter(ItemsCount::new(clients)).bench_local(|| {
            for &conn in &world.conns {
                let Some(snapshot) = world.shell.server().snapshot_session(conn) else { continue };
                black_box(attachment::write(snapshot.header, Ok(&snapshot.body), None, &mut attachment));
            }
        });
    }

    #[divan::bench(args = CLIENTS)]
    fn wake(bencher: Bencher<'_, '_>, clients: usize) {
        let asleep = || World::new(clients, ROOMS).sleep().0;
        bencher
            .counter(ItemsCount::new(clients))
            .with_inputs(asleep)
            .bench_local_refs(|world| world.shell.server().session_count());
    }
}

fn packet(text: &str) -> Option<Packet> {
    packet_of(&mut Decoder::default(), &Frame::text(text))
}

#[expect(clippy::panic, reason = "a failure would make the measurement invalid")]
fn packet_of(decoder: &mut Decoder, frame: &Frame) -> Option<Packet> {
    let Ok(engineio::ReceivedPacket::Message(engineio::Message::Text(text))) =
        engineio::ReceivedPacket::decode_frame(frame)
    else {
        panic!("{frame:?} is no message");
    };
    match decoder.handle_text(text) {
        Ok(packet) => packet,
        Err(fault) => panic!("{text}: {fault}"),
    }
}
