//! A world on the host, with everything that it needs outside of itself: a clock that moves when it is told to, ids that
//! are the same on every run, WebSockets and requests that only remember what they got.
//!
//! [`Host`] does what the shell in `src/durable` does in the runtime, step by step, so that a test can put the world to
//! sleep wherever the runtime could. What it cannot show is whether the runtime behaves as assumed: that is what the
//! end-to-end tests in `miniflare/` are for.
#![allow(dead_code, unused_imports, reason = "every test compiles the harness and uses its own part of it")]

mod alarm;
pub mod apps;
mod bystanders;
mod effects;
mod object;
mod requests;
mod runtime;
pub mod scene;
pub mod transcript;

pub use bystanders::Bystanders;
pub use object::Host;
pub use requests::{Body, HttpNo};
pub use runtime::{Runtime, Said, SocketNo, To, What, hex};

use dormouse::config::Config;

/// The settings with some variables set.
pub fn config(variables: &[(&str, &str)]) -> Config {
    let lookup = |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
    Config::parse(lookup).expect("the variables of a test are valid")
}

/// Heartbeats that one tick shares and the runtime answers: the settings of a world that sleeps.
pub fn shared_heartbeat() -> Config {
    config(&[])
}

/// Every session has its own heartbeat, as in the published protocol suites.
pub fn own_heartbeat() -> Config {
    config(&[("PING_INTERVAL_MS", "300"), ("PING_TIMEOUT_MS", "200")])
}

/// Property tests that take the same cases on every run.
pub fn deterministic(cases: u32) -> proptest::test_runner::TestRunner {
    use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

/// The session id in an OPEN packet.
pub fn sid_of(open: &str) -> String {
    open.chars().skip(r#"0{"sid":""#.len()).take(20).collect()
}
