//! What can go wrong, by who is to blame: whoever called, the operating system, or the server.

use std::io;
use std::time::Duration;

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The command line asks for what cannot be done.
    #[error("usage: {0}")]
    Usage(String),
    /// The operating system refused.
    #[error("the operating system: {doing}: {source}")]
    Os {
        /// What was being done.
        doing: String,
        /// What it said.
        source: io::Error,
    },
    /// The server did something wrong.
    #[error("the server: {0}")]
    Server(#[from] Wrong),
}

impl Error {
    /// Puts what was being done beside what the operating system said of it.
    pub(crate) fn os<E: Into<io::Error>>(doing: impl Into<String>) -> impl FnOnce(E) -> Self {
        let doing = doing.into();
        move |source| Self::Os { doing, source: source.into() }
    }
}

/// What a server did wrong.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Wrong {
    /// It cannot be connected to, or the connection failed.
    #[error("client {client}: {source}")]
    Connection {
        /// Whose connection.
        client: usize,
        /// What happened to it.
        source: tokio_websockets::Error,
    },
    /// A request failed before its response was there.
    #[error("client {client}: {request}: {source}")]
    Request {
        /// Whose request.
        client: usize,
        /// What it was.
        request: String,
        /// What happened to it.
        source: hyper::Error,
    },
    /// It closed a connection.
    #[error("client {client}: its connection was closed: {how}")]
    Closed {
        /// Whose connection.
        client: usize,
        /// The close frame, as far as there was one.
        how: String,
    },
    /// It answered a handshake with something else.
    #[error("client {client}: waited for {wanted}, got {got}")]
    Handshake {
        /// Whose handshake.
        client: usize,
        /// What should have come.
        wanted: &'static str,
        /// What came.
        got: String,
    },
    /// It did not go on with a handshake.
    #[error("client {client}: its handshake was not over after {patience:?}")]
    Slow {
        /// Whose handshake.
        client: usize,
        /// How long it was waited for.
        patience: Duration,
    },
    /// A delivery is not what it should be.
    #[error("client {client}: {delivery}")]
    Delivery {
        /// Who heard it.
        client: usize,
        /// What is wrong with it.
        delivery: Delivery,
    },
    /// Deliveries or answers did not come.
    #[error("{deliveries} deliveries and {answers} answers are missing, and nothing came for {patience:?}")]
    Missing {
        /// How many of these.
        deliveries: u64,
        /// And of these.
        answers: u64,
        /// How long they were waited for.
        patience: Duration,
    },
}

/// What is wrong with a delivery or an answer.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Delivery {
    /// Not a frame that could have been sent.
    #[error("heard what nobody says: {0}")]
    Malformed(String),
    /// The payload has another length.
    #[error("message {seq} has {got} bytes, not {wanted}")]
    Length {
        /// Which message.
        seq: u64,
        /// How long it was.
        got: usize,
        /// How long it should be.
        wanted: usize,
    },
    /// The payload has another content.
    #[error("message {0} is not what was sent")]
    Altered(u64),
    /// A sender heard itself.
    #[error("heard its own message {0}")]
    Own(u64),
    /// It was for others.
    #[error("heard message {seq} of client {sender}, who is not in its room")]
    Foreign {
        /// Which message.
        seq: u64,
        /// Whose.
        sender: usize,
    },
    /// It came before.
    #[error("heard message {0} twice")]
    Doubled(u64),
    /// Others should have come before it.
    #[error("heard message {got} where {wanted} should come: one is lost, or they are out of order")]
    OutOfOrder {
        /// Which message came.
        got: u64,
        /// Which should have.
        wanted: u64,
    },
    /// An answer that nobody waits for.
    #[error("was answered what it did not ask, or twice: {0}")]
    Unasked(String),
}
