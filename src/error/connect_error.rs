//! The error sent to a client that may not join a namespace (Socket.IO 5, "`CONNECT_ERROR`").

use std::borrow::Cow;

/// The error sent to a client that may not join a namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectError {
    /// The code, which is for the log.
    pub code: Cow<'static, str>,
    /// The message: `err.message` in the client.
    pub message: String,
    /// The data, as JSON: `err.data` in the client.
    pub data: Option<String>,
}

impl ConnectError {
    /// Returns an error without data.
    pub(crate) fn new(code: &'static str, message: &str) -> Self {
        Self { code: code.into(), message: message.to_owned(), data: None }
    }
}
