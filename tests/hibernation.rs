//! Hibernation: no fact lives only in memory between two events. A world that hibernates after any step of any transcript, or
//! after every step, sends the same at the same times as one that stays awake.
#![expect(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/harness/mod.rs"]
mod harness;

use dormouse::internal::Config;

use harness::transcript::{Line, Sleeps, Transcript, play};
use harness::{Host, To, What, own_heartbeat, shared_heartbeat};

/// Returns the settings for a transcript: with its own heartbeat, or with each kind of heartbeat if it sets none.
fn configs(transcript: &Transcript) -> Vec<Config> {
    if transcript.has_own_heartbeat() {
        return vec![transcript.config(&[])];
    }
    let shared = transcript.config(&[]);
    let own = transcript.config(&[("PING_INTERVAL_MS", "300"), ("PING_TIMEOUT_MS", "200")]);
    assert!(shared.shares_heartbeat() && !own.shares_heartbeat());
    vec![shared, own]
}

fn without_sleep(transcript: &Transcript, config: &Config) -> Vec<Vec<Line>> {
    let (heard, _) = play(transcript, config, Sleeps::Never);
    heard
}

/// Returns the first step after which a client got something else, or at another time, than in a world that never hibernated.
fn difference(transcript: &Transcript, awake: &[Vec<Line>], slept: &[Vec<Line>]) -> Option<String> {
    let steps = transcript.steps.iter().zip(awake.iter().zip(slept));
    steps.into_iter().find_map(|(step, (awake, slept))| {
        let differ = || {
            let list = |lines: &[Line]| {
                let lines: Vec<_> = lines
                    .iter()
                    .map(|line| {
                        format!(
                            "
    at {}: {line}",
                            line.at
                        )
                    })
                    .collect();
                lines.concat()
            };
            let place = format!("{}:{}", transcript.path.display(), step.line);
            format!("{place}: {:?}\n  awake:{}\n  hibernated:{}", step.action, list(awake), list(slept))
        };
        (by_client(awake) != by_client(slept)).then(differ)
    })
}

fn by_client(lines: &[Line]) -> Vec<Line> {
    let mut lines = lines.to_vec();
    lines.sort_by(|a, b| a.client.cmp(&b.client));
    lines
}

#[test]
fn a_sleep_after_every_step_changes_nothing() {
    let mut differences = Vec::new();
    for transcript in Transcript::all() {
        for config in configs(&transcript) {
            let awake = without_sleep(&transcript, &config);
            let (slept, _) = play(&transcript, &config, Sleeps::Always);
            differences.extend(difference(&transcript, &awake, &slept));
        }
    }
    assert!(differences.is_empty(), "{} transcripts differ:\n{}", differences.len(), differences.join("\n"));
}

#[test]
fn one_sleep_after_any_step_changes_nothing() {
    let mut differences = Vec::new();
    for transcript in Transcript::all() {
        for config in configs(&transcript) {
            let awake = without_sleep(&transcript, &config);
            let first = (0..transcript.steps.len()).find_map(|step| {
                let (slept, _) = play(&transcript, &config, Sleeps::After(step));
                let line = transcript.steps[step].line;
                let difference = difference(&transcript, &awake, &slept)?;
                Some(format!("hibernated after line {line}: {difference}"))
            });
            differences.extend(first);
        }
    }
    assert!(differences.is_empty(), "{} transcripts differ:\n{}", differences.len(), differences.join("\n"));
}

#[test]
fn a_dialogue_reads_the_same_with_either_heartbeat() {
    for transcript in Transcript::all() {
        if let [shared, own] = &*configs(&transcript) {
            let heard = [without_sleep(&transcript, shared), without_sleep(&transcript, own)];
            assert_eq!(difference(&transcript, &heard[0], &heard[1]), None, "{}", transcript.name());
        }
    }
}

/// In ten minutes without events, a world of two sockets runs at ticks only, and never builds its tables.
#[test]
fn an_idle_world_sleeps_through_its_heartbeats() {
    let (mut host, sockets) = two_clients(shared_heartbeat());
    assert!(host.sleep());
    host.advance_millis(600_000);
    assert!(host.is_asleep(), "a heartbeat woke the world");
    for no in sockets {
        assert!(host.runtime().sockets[no].open);
    }
    host.text(0, r#"42["broadcast","good morning"]"#);
    assert_eq!(host.runtime().texts_of(1).last().map(String::as_str), Some(r#"42["said","good morning"]"#));
}

/// With heartbeats of their own, sockets are pinged at exact times, also by a hibernated world.
#[test]
fn a_sleeping_world_pings_each_socket_at_its_time() {
    let (mut host, _) = two_clients(own_heartbeat());
    host.answers_pings.clear();
    let began = host.runtime().now;
    host.sleepy = true;
    host.advance_millis(100);
    host.text(1, "3");
    host.take_said();
    host.advance_millis(1000);
    let heard = host.take_said();
    let times: Vec<_> =
        heard.iter().map(|said| (said.at.since(began).as_millis(), said.to, said.what.clone())).collect();
    let text = |text: &str| What::Frame(dormouse::value::Frame::text(text));
    let expected = [
        (300, To::Socket(0), text("2")),
        (400, To::Socket(1), text("2")),
        (500, To::Socket(0), What::Closed(1000)),
        (500, To::Socket(1), text(r#"42["left","ping timeout",[]]"#)),
        (600, To::Socket(1), What::Closed(1000)),
    ];
    assert_eq!(times, expected);
}

/// A silent client is closed in time, however often the world hibernates; a client that answers pings is never closed.
#[test]
fn a_silent_socket_is_closed_whether_or_not_the_world_sleeps() {
    for sleepy in [false, true] {
        for joined_at in [0, 1_000, 10_000, 24_999] {
            let mut host = Host::new(shared_heartbeat(), harness::apps::echo);
            host.sleepy = sleepy;
            let alive = join(&mut host);
            host.answers_pings.insert(alive);
            host.advance_millis(joined_at);
            let silent = join(&mut host);
            // Its first ping is due within 25 s; it has 20 s for its pong, and is checked every 25 s.
            host.advance_millis(75_000);
            assert!(!host.runtime().sockets[silent].open, "silent since {joined_at}, sleepy: {sleepy}");
            host.advance_millis(600_000);
            assert!(host.runtime().sockets[alive].open, "cut off, joined at {joined_at}, sleepy: {sleepy}");
        }
    }
}

/// If all clients are silent, a tick does not know whether a ping went out in time, so it pings once more before it closes any.
#[test]
fn the_last_socket_is_closed_when_it_is_silent() {
    for sleepy in [false, true] {
        let mut host = Host::new(shared_heartbeat(), harness::apps::echo);
        host.sleepy = sleepy;
        let silent = join(&mut host);
        host.advance_millis(100_000);
        assert!(!host.runtime().sockets[silent].open, "sleepy: {sleepy}");
        assert_eq!(host.server().session_count(), 0);
    }
}

/// A late alarm (the runtime does not guarantee its time) closes no socket that answers pings.
#[test]
fn a_late_alarm_costs_nobody() {
    for late_by in [1_000, 25_000, 100_000, 3_600_000] {
        for sleeps in [false, true] {
            let (mut host, sockets) = two_clients(shared_heartbeat());
            host.advance_millis(60_000);
            if sleeps {
                assert!(host.sleep());
            }
            let late = core::time::Duration::from_millis(late_by);
            host.runtime_mut().alarm = host.runtime().alarm.map(|at| at.after(late));
            host.advance_millis(late_by + 100_000);
            for no in sockets {
                assert!(host.runtime().sockets[no].open, "late by {late_by} ms, sleeps: {sleeps}");
            }
        }
    }
}

/// A deploy may change the ping interval between two wakes: sockets continue with the new one.
#[test]
fn a_changed_interval_keeps_every_socket() {
    for (before, after) in [(shared_heartbeat(), own_heartbeat()), (own_heartbeat(), shared_heartbeat())] {
        let (mut host, sockets) = two_clients(before);
        host.advance_millis(100);
        host.redeploy(after);
        host.advance_millis(200_000);
        for no in sockets {
            assert!(host.runtime().sockets[no].open, "{:?}", host.config().ping_interval);
        }
    }
}

/// A snapshot that cannot be read closes its own socket only.
#[test]
fn a_damaged_snapshot_costs_one_socket() {
    let (host, _) = two_clients(shared_heartbeat());
    let good = host.runtime().sockets[0].attachment.clone().expect("a snapshot");
    let version = good.replacen("\"v\":4", "\"v\":999", 1);
    assert_ne!(version, good);
    for damaged in ["", "{}", "null", &version, good.trim_end_matches('}'), &good] {
        let (mut host, _) = two_clients(shared_heartbeat());
        assert!(host.sleep());
        // The last one is valid, but belongs to the other socket's session.
        host.runtime_mut().sockets[1].attachment = Some(damaged.to_owned());
        host.text(0, r#"42["message","alive"]"#);
        let heard = host.runtime().texts_of(0);
        assert!(heard.iter().any(|text| text == r#"42["message-back","alive"]"#), "{heard:?}");
        assert!(!host.runtime().sockets[1].open, "{damaged}");
        assert_eq!(host.server().session_count(), 1);
    }
}

fn two_clients(config: Config) -> (Host, [usize; 2]) {
    let mut host = Host::new(config, harness::apps::echo);
    let sockets = [join(&mut host), join(&mut host)];
    host.answers_pings.extend(sockets);
    (host, sockets)
}

fn join(host: &mut Host) -> usize {
    let query = "EIO=4&transport=websocket";
    let no = host.open_websocket(query, dormouse::internal::Protocol::SocketIo).expect("a WebSocket");
    host.text(no, "40");
    no
}
