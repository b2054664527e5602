//! Errors, by who is to blame: the caller, the operating system, or the server.

use std::io;
use std::time::Duration;

/// The error if there is no report.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The command line is invalid.
    #[error("usage: {0}")]
    Usage(String),
    /// A call of the operating system failed.
    #[error("the operating system: {doing}: {source}")]
    Os {
        /// The operation that failed.
        doing: String,
        /// The operating system's error.
        source: io::Error,
    },
    /// The server violated the protocol, or lost or changed a message.
    #[error("the server: {0}")]
    Server(#[from] Wrong),
}

impl Error {
    /// Returns a function that adds the operation to an error of the operating system.
    pub(crate) fn os<E: Into<io::Error>>(doing: impl Into<String>) -> impl FnOnce(E) -> Self {
        let doing = doing.into();
        move |source| Self::Os { doing, source: source.into() }
    }
}

/// A fault of the server.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Wrong {
    /// A client could not connect, or its connection failed.
    #[error("client {client}: {source}")]
    Connection {
        /// The client.
        client: usize,
        /// The connection's error.
        source: tokio_websockets::Error,
    },
    /// A request failed before its response arrived.
    #[error("client {client}: {request}: {source}")]
    Request {
        /// The client.
        client: usize,
        /// The request's method and path.
        request: String,
        /// The request's error.
        source: hyper::Error,
    },
    /// The server closed a connection.
    #[error("client {client}: its connection was closed: {how}")]
    Closed {
        /// The client.
        client: usize,
        /// The close frame's code and reason, if there was one.
        how: String,
    },
    /// The server sent an unexpected packet or response in a handshake.
    #[error("client {client}: waited for {wanted}, got {got}")]
    Handshake {
        /// The client.
        client: usize,
        /// A description of what was expected.
        wanted: &'static str,
        /// What was received.
        got: String,
    },
    /// A handshake took too long.
    #[error("client {client}: its handshake was not over after {patience:?}")]
    Slow {
        /// The client.
        client: usize,
        /// How long the client waited.
        patience: Duration,
    },
    /// A delivery or an acknowledgement is wrong.
    #[error("client {client}: {delivery}")]
    Delivery {
        /// The client that received it.
        client: usize,
        /// The fault.
        delivery: Delivery,
    },
    /// Deliveries or acknowledgements did not arrive.
    #[error("{deliveries} deliveries and {answers} answers are missing, and nothing came for {patience:?}")]
    Missing {
        /// The number of missing deliveries.
        deliveries: u64,
        /// The number of missing acknowledgements.
        answers: u64,
        /// How long the clients waited.
        patience: Duration,
    },
}

/// A fault of a delivery or an acknowledgement.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Delivery {
    /// No client sends such a frame.
    #[error("received what no client sends: {0}")]
    Malformed(String),
    /// The payload has the wrong length.
    #[error("message {seq} has {got} bytes, not {wanted}")]
    Length {
        /// The message's number.
        seq: u64,
        /// The received length in bytes.
        got: usize,
        /// The expected length in bytes.
        wanted: usize,
    },
    /// The payload has the wrong content.
    #[error("message {0} is not what was sent")]
    Altered(u64),
    /// A sender received its own message.
    #[error("received its own message {0}")]
    Own(u64),
    /// The message was for another room.
    #[error("received message {seq} of client {sender}, which is not in its room")]
    Foreign {
        /// The message's number.
        seq: u64,
        /// The client that sent it.
        sender: usize,
    },
    /// The message was received before.
    #[error("received message {0} twice")]
    Doubled(u64),
    /// An earlier message is missing.
    #[error("received message {got} where {wanted} was expected: one is lost, or they are out of order")]
    OutOfOrder {
        /// The number of the received message.
        got: u64,
        /// The number of the expected message.
        wanted: u64,
    },
    /// An acknowledgement that the client does not wait for.
    #[error("received an acknowledgement that it did not ask for, or twice: {0}")]
    Unasked(String),
}
