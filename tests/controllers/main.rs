//! Controllers, hooks, contexts, responses and errors, as `docs/parity-foal.md` lists them: once in a world that never sleeps, and
//! once in one that slept a moment before each event.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod contexts;
mod dialogue;
mod event_names;
mod failing;
mod hooks;
mod limits;
mod replies;
mod unit_tests;
