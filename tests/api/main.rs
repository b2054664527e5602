//! The rows of `docs/parity.md` that handlers can show, through the public API: once in a world that never hibernates, and once
//! in one that hibernates before every step. The results must be the same.
#![expect(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod kit;

mod ack_to;
mod acks_from_client;
mod acks_to_client;
mod alarms_and_storage;
mod between_turns;
mod data_and_handshake;
mod disconnects;
mod emitting;
mod errors;
mod floods;
mod half_characters;
mod late_acks;
mod middleware;
mod namespaces;
mod order;
mod outgoing;
mod payers;
mod reasons;
mod refusals;
mod registration;
mod rooms;
mod transactions;
mod undone_writes;
mod volatile;
