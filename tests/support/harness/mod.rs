//! What the tests say to the virtual world of `dormouse::testing`, and how they write down what they hear.
//!
//! It runs the object's own shell. What it cannot show is whether the runtime behaves as assumed: that is what the
//! end-to-end tests in `miniflare/` are for.
#![allow(dead_code, unused_imports, reason = "every test compiles the harness and uses its own part of it")]

pub(crate) mod apps;
mod bystanders;
pub(crate) mod scene;
pub(crate) mod transcript;
mod written;

pub(crate) use bystanders::Bystanders;
pub(crate) use dormouse::internal::Body;
pub(crate) use dormouse::internal::{Host, HttpNo, Said, SocketNo, To, What};
pub(crate) use written::{hex, show};

use dormouse::internal::Config;

/// The settings with some variables set.
pub(crate) fn config(variables: &[(&str, &str)]) -> Config {
    let lookup = |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
    Config::parse(lookup).expect("the variables of a test are valid")
}

/// Heartbeats that one tick shares and the runtime answers: the settings of a world that sleeps.
pub(crate) fn shared_heartbeat() -> Config {
    config(&[])
}

/// Every session has its own heartbeat, as in the published protocol suites.
pub(crate) fn own_heartbeat() -> Config {
    config(&[("PING_INTERVAL_MS", "300"), ("PING_TIMEOUT_MS", "200")])
}

/// Property tests that take the same cases on every run.
pub(crate) fn deterministic(cases: u32) -> proptest::test_runner::TestRunner {
    use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

/// The session id in an OPEN packet.
pub(crate) fn sid_of(open: &str) -> String {
    open.chars().skip(r#"0{"sid":""#.len()).take(20).collect()
}
