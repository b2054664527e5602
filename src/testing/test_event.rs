//! What a test's client hears.

use core::fmt;
use std::error::Error;

use serde_json::Value;

use crate::id::AckId;
use crate::value::{Args, IntoArgs};

/// An event that a client heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestEvent {
    /// Its name.
    pub name: String,
    /// Its arguments.
    pub args: Args,
    pub(super) ack: Option<AckId>,
}

/// Why a client was not let into a namespace: what `connect_error` tells a JavaScript client.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
pub struct ConnectError {
    /// A sentence.
    pub message: String,
    /// More, where there is more to say.
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
    /// An event as it is expected: one that asks for no answer.
    ///
    /// # Panics
    /// When `args` cannot be written as arguments.
    #[track_caller]
    pub fn new(name: &str, args: impl IntoArgs) -> Self {
        Self { name: name.to_owned(), args: arguments(args), ack: None }
    }

    /// Returns the number of the acknowledgement that the server asked for, if it asked for one: see
    /// [`TestClient::ack`](super::test_client::TestClient::ack).
    pub fn ack_id(&self) -> Option<u64> {
        self.ack.map(|AckId(id)| id)
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

/// The arguments that a test writes.
#[track_caller]
#[expect(clippy::panic, reason = "a mistake in the test")]
pub(super) fn arguments(args: impl IntoArgs) -> Args {
    match args.into_args() {
        Ok(args) => args,
        Err(error) => panic!("these are no arguments: {error}"),
    }
}
