//! The report of a session's end to the layer above.

use crate::core::handshake_request::Protocol;
use crate::core::view::ConnView;
use crate::error::Reason;
use crate::id::SessionKey;

/// A session that ended for the layer above; it may still drain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionEnded {
    /// Its key, which a new session may get.
    pub session: SessionKey,
    /// The last state of its connection.
    pub conn: ConnView,
    /// Its protocol.
    pub protocol: Protocol,
    /// Whether it had joined: it had no connect timeout to keep any more.
    pub joined: bool,
    /// Why it ended.
    pub reason: Reason,
}
