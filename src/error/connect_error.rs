//! The error sent to a client that may not join a namespace (Socket.IO 5, "`CONNECT_ERROR`").

/// What a client is told that may not join a namespace (Socket.IO 5, "`CONNECT_ERROR`").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectError {
    /// A sentence.
    pub message: String,
    /// More, where there is more to say, as JSON.
    pub data: Option<String>,
}
