//! The operations whose instructions and allocations are counted.

use crate::world::{World, event};

/// Bytes of an event's string.
const PAYLOAD: usize = 100;

/// An operation: its name, the number of repetitions, and a function that builds a world and returns the operation on it.
type Operation = (&'static str, u64, fn() -> Box<dyn FnMut(Measure<'_>)>);

/// Runs its argument and counts it. An operation does its set-up outside.
type Measure<'a> = &'a mut dyn FnMut(&mut dyn FnMut());

const OPERATIONS: &[Operation] = &[
    ("relay 10", 100, || relay(World::new(11, 1), "all")),
    ("relay 100", 100, || relay(World::new(101, 1), "all")),
    ("relay 1000", 20, || relay(World::new(1_001, 1), "all")),
    ("relay 16 KB 100", 20, || {
        let mut world = World::new(101, 1);
        let (from, text) = (world.somebody(), event("all", None, 16_384));
        Box::new(move |measure| measure(&mut || world.text(from, &text)))
    }),
    ("relay binary 100", 50, || {
        let mut world = World::new(101, 1);
        let (from, bytes) = (world.somebody(), [7; PAYLOAD]);
        Box::new(move |measure| {
            measure(&mut || {
                world.text(from, r#"451-["all",{"_placeholder":true,"num":0}]"#);
                world.bytes(from, &bytes);
            });
        })
    }),
    ("room 10 of 1000", 100, || relay(World::new(1_000, 100), "room")),
    ("ack", 200, || {
        let mut world = World::new(20, 1);
        let (from, text) = (world.somebody(), event("ask", Some(7), PAYLOAD));
        Box::new(move |measure| measure(&mut || world.text(from, &text)))
    }),
    ("connect", 100, || {
        let mut world = World::new(1_000, 100);
        Box::new(move |measure| measure(&mut || world.connect(7)))
    }),
    ("disconnect", 100, || {
        let mut world = World::new(1_000, 100);
        Box::new(move |measure| {
            let Some(conn) = world.conns.pop() else { return };
            measure(&mut || world.shell.handle_gone(&conn, dormouse::socket::Reason::TransportClose));
        })
    }),
    ("wake 1000", 5, || {
        let mut kept = Some(World::new(1_000, 100));
        let text = event("room", None, PAYLOAD);
        Box::new(move |measure| {
            let Some((mut world, old)) = kept.take().map(World::sleep) else { return };
            // The runtime does not drop the old memory while it wakes an object, so that is not counted.
            drop(old);
            let from = world.somebody();
            measure(&mut || world.text(from, &text));
            kept = Some(world);
        })
    }),
    ("heartbeat 1000", 20, || {
        let mut world = World::new(1_000, 100);
        world.ring();
        Box::new(move |measure| measure(&mut || world.ring()))
    }),
    ("heartbeat asleep 1000", 5, || {
        let mut kept = Some(World::new(1_000, 100));
        Box::new(move |measure| {
            let Some((mut world, old)) = kept.take().map(World::sleep) else { return };
            drop(old);
            measure(&mut || world.ring());
            assert!(world.shell.is_asleep(), "a heartbeat builds nothing");
            kept = Some(world);
        })
    }),
];

/// Builds an operation that relays an event to other clients.
fn relay(mut world: World, name: &str) -> Box<dyn FnMut(Measure<'_>)> {
    let (from, text) = (world.somebody(), event(name, None, PAYLOAD));
    Box::new(move |measure| measure(&mut || world.text(from, &text)))
}

/// Runs the bench as its command line says. `--list` prints the names of the operations. With a name, it repeats that operation
/// often enough that the start-up does not matter; without one, it runs each once. `count` runs an operation and returns the
/// number of allocations and their bytes, or zeros if it does not count them.
#[expect(clippy::print_stdout, reason = "a script reads the results")]
pub(crate) fn run(count: fn(&mut dyn FnMut()) -> (u64, u64)) {
    let wanted = std::env::args().skip(1).find(|arg| arg != "--bench");
    if wanted.as_deref() == Some("--list") {
        return OPERATIONS.iter().for_each(|(name, ..)| println!("{name}"));
    }
    for (name, enough, build) in OPERATIONS.iter().filter(|(name, ..)| wanted.as_deref().is_none_or(|it| it == *name)) {
        let mut operation = build();
        // Warms up: buffers that grow in the first runs are not counted.
        (0..2).for_each(|_| operation(&mut |measured| measured()));
        let (mut times, mut allocations, mut bytes) = (0_u64, 0, 0);
        for _ in 0..if wanted.is_some() { *enough } else { 1 } {
            operation(&mut |measured| {
                let counted = count(measured);
                (times, allocations, bytes) = (times + 1, allocations + counted.0, bytes + counted.1);
            });
        }
        println!(r#"{{"name":"{name}","times":{times},"allocations":{allocations},"bytes":{bytes}}}"#);
    }
}
