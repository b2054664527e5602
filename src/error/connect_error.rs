//! The error sent to a client that may not join a namespace (Socket.IO 5, "`CONNECT_ERROR`").

/// The error sent to a client that may not join a namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectError {
    /// The message: `err.message` in the client.
    pub message: String,
    /// The data, as JSON: `err.data` in the client.
    pub data: Option<String>,
}
