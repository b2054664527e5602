//! Plays every transcript in `tests/transcripts`, and checks that it leaves nothing behind.
#![expect(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/harness/mod.rs"]
mod harness;

use dormouse::socket::Reason;

use harness::Host;
use harness::transcript::{Sleeps, Transcript, play};

/// With the environment variable `TRANSCRIPTS=write`, this writes what clients get into the files instead; review the difference.
#[test]
fn every_dialogue_goes_as_it_is_written() {
    let write = std::env::var("TRANSCRIPTS").is_ok_and(|what| what == "write");
    let mut differences = Vec::new();
    for transcript in Transcript::all() {
        let (heard, _) = play(&transcript, &transcript.config(&[]), Sleeps::Never);
        if write {
            transcript.rewrite(&heard);
        } else {
            differences.extend(transcript.difference(&heard));
        }
    }
    assert!(differences.is_empty(), "{} transcripts differ:\n{}", differences.len(), differences.join("\n"));
}

#[test]
fn nothing_is_left_when_everybody_has_gone() {
    for transcript in Transcript::all() {
        let (_, mut host) = play(&transcript, &transcript.config(&[]), Sleeps::Never);
        everybody_goes(&mut host);
        let name = transcript.name();
        assert_eq!(host.unanswered(), Vec::<usize>::new(), "{name}: requests are left without an answer");
        assert_eq!(host.server().session_count(), 0, "{name}: sessions are left");
        assert_eq!(host.server().stored_bytes(), 0, "{name}: bytes are counted of nobody");
        assert!(
            host.runtime().spilled.is_empty() && host.runtime().parts.is_empty(),
            "{name}: rows are left in the database"
        );
        assert!(host.runtime().sockets.iter().all(|socket| socket.attachment.is_none()), "{name}: a snapshot is left");
        assert_eq!(host.runtime().alarm, None, "{name}: the alarm is set for nobody");
        assert!(host.sleep(), "{name}: something keeps the world awake");
    }
}

fn everybody_goes(host: &mut Host) {
    for no in 0..host.runtime().sockets.len() {
        if host.runtime().sockets[no].open {
            host.gone(no, Reason::TransportClose);
        }
    }
    // Longer than any deadline: clients that polled time out.
    host.advance_millis(600_000);
}
