//! The tests' clients of the virtual world of `dormouse::testing`, and the notation for what these clients get.
//!
//! The world runs the object's own shell. It cannot show whether the runtime behaves as assumed: the end-to-end tests in
//! `miniflare/` test that.
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

/// Returns the settings with some variables set.
pub(crate) fn config(variables: &[(&str, &str)]) -> Config {
    let lookup = |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
    Config::parse(lookup).expect("the variables of a test are valid")
}

/// Returns settings with one tick for all sessions and pongs that the runtime answers: those of a world that can hibernate.
pub(crate) fn shared_heartbeat() -> Config {
    config(&[])
}

/// Returns settings in which every session has its own heartbeat, as in the published protocol suites.
pub(crate) fn own_heartbeat() -> Config {
    config(&[("PING_INTERVAL_MS", "300"), ("PING_TIMEOUT_MS", "200")])
}

/// Returns a runner for property tests that uses the same cases in every run.
pub(crate) fn deterministic(cases: u32) -> proptest::test_runner::TestRunner {
    use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

/// Returns the session id in an OPEN packet.
pub(crate) fn sid_of(open: &str) -> String {
    open.chars().skip(r#"0{"sid":""#.len()).take(20).collect()
}
