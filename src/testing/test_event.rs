//! What a test's client receives: events, errors and disconnects.

use core::fmt;
use std::error::Error;

use serde_json::Value;

use super::same_args::same_args;
use crate::id::AckId;
use crate::value::{Args, IntoArgs};

/// An event that a client received.
///
/// Events are equal if their names and acknowledgement ids are, and if their arguments have the same values: `1` and `1.0` are one number,
/// the order of an object's keys does not matter, and binary values are compared by their bytes. [`Args`] are equal only if their texts are.
#[derive(Clone, Debug, Eq)]
pub struct TestEvent {
    /// The event's name.
    pub name: String,
    /// The event's arguments.
    pub args: Args,
    pub(super) ack: Option<AckId>,
}

/// The error that a refused client receives, as the event `connect_error` of a JavaScript client has it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
pub struct ConnectError {
    /// The error's message.
    pub message: String,
    /// Further data, such as an error code, if the server sent any.
    pub data: Option<Value>,
}

/// Why a client is no longer connected to its namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Disconnected {
    /// The server disconnected the socket; the connection may go on. JavaScript's `io server disconnect`.
    ByServer,
    /// The client left, or closed the connection. JavaScript's `io client disconnect`.
    ByClient,
    /// The server closed the connection, with this code if it was a WebSocket. JavaScript's `transport close`.
    Closed(Option<u16>),
    /// The connection was lost. JavaScript's `transport error`.
    Lost,
}

impl TestEvent {
    /// Creates an event without an acknowledgement id, to compare with a received one.
    ///
    /// # Panics
    /// If `args` cannot be written as arguments.
    #[track_caller]
    pub fn new(name: &str, args: impl IntoArgs) -> Self {
        Self { name: name.to_owned(), args: arguments(args), ack: None }
    }

    /// Returns the acknowledgement id, if the server asked for an acknowledgement: see
    /// [`TestClient::ack`](super::test_client::TestClient::ack).
    pub fn ack_id(&self) -> Option<u64> {
        self.ack.map(|AckId(id)| id)
    }
}

impl PartialEq for TestEvent {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.ack == other.ack && same_args(&self.args, &other.args)
    }
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.data {
            Some(data) => write!(f, "{} ({data})", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl Error for ConnectError {}

/// Converts a test's values to arguments.
#[track_caller]
#[expect(clippy::panic, reason = "a mistake in the test")]
pub(super) fn arguments(args: impl IntoArgs) -> Args {
    match args.into_args() {
        Ok(args) => args,
        Err(error) => panic!("the arguments cannot be written: {error}"),
    }
}
