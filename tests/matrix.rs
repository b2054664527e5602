//! Every event in every state of a session. `matrix.txt` has the expected outcome of each cell. No cell panics, leaves a request
//! without a response, or leaves a session, a row or an alarm behind.
#![expect(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/harness/mod.rs"]
mod harness;

use core::fmt::Write as _;

use harness::scene::Scene;

const EXPECTED: &str = include_str!("matrix.txt");

const STATES: [&str; 20] = [
    "unknown",
    "idle",
    "hanging",
    "posting",
    "busy",
    "probing",
    "probed",
    "switching",
    "draining",
    "drained",
    "draining probing",
    "draining probed",
    "draining switching",
    "drained probing",
    "drained probed",
    "open",
    "joined",
    "partial",
    "upgraded",
    "gone",
];

const EVENTS: [&str; 44] = [
    "GET",
    "POST head",
    "POST octets",
    "POST empty",
    "POST message",
    "POST close",
    "POST ping",
    "POST pong",
    "POST upgrade",
    "POST bad",
    "POST binary",
    "POST too long",
    "POST not text",
    "POST aborted",
    "rest message",
    "rest close",
    "rest bad",
    "rest too long",
    "rest not text",
    "rest aborted",
    "ws message",
    "ws ping",
    "ws pong",
    "ws probe",
    "ws upgrade",
    "ws close packet",
    "ws noop",
    "ws garbage",
    "ws empty",
    "ws binary",
    "ws too long",
    "ws closes",
    "ws breaks",
    "ws overflows",
    "upgrade attempt",
    "broadcast",
    "server closes",
    "silent close",
    "100 ms",
    "10 s",
    "25 s",
    "45 s",
    "100 s",
    "memory lost",
];

/// Returns the table in the format of `matrix.txt`: a block for each state, with a line for each event that is possible in it.
fn table() -> String {
    // Writing to a string cannot fail.
    let mut table = String::new();
    for state in STATES {
        let _ = writeln!(table, "\n[{state}]");
        for event in EVENTS {
            if let Some(outcome) = Scene::new(state).meet(event) {
                let _ = writeln!(table, "{event:<16}{outcome}");
            }
        }
    }
    table
}

/// With the environment variable `MATRIX=write`, this writes the table instead; review the difference.
#[test]
fn every_state_meets_every_event_as_it_is_written() {
    let (head, _) = EXPECTED.split_once("\n[").expect("a table");
    let met = format!("{head}{}", table());
    if std::env::var("MATRIX").is_ok_and(|what| what == "write") {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/matrix.txt");
        std::fs::write(path, met).expect("the table can be written");
        return;
    }
    let mut state = "";
    let mut differences = String::new();
    for (expected, met) in EXPECTED.lines().zip(met.lines()) {
        state = if met.starts_with('[') { met } else { state };
        if expected != met {
            let _ = writeln!(differences, "{state}\n  expected: {expected}\n  met:      {met}");
        }
    }
    assert!(differences.is_empty() && EXPECTED.lines().count() == met.lines().count(), "{differences}");
}

#[test]
fn no_cell_leaves_anything_behind() {
    let mut left = Vec::new();
    for state in STATES {
        for event in EVENTS {
            let mut scene = Scene::new(state);
            if scene.meet(event).is_some() {
                left.extend(scene.left_behind().map(|what| format!("{state}, {event}: {what}")));
            }
        }
    }
    assert!(left.is_empty(), "{}", left.join("\n"));
}
