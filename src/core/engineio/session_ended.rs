//! What the layer above learns of a session's end.

use crate::core::handshake_request::Protocol;
use crate::core::view::ConnView;
use crate::error::Reason;
use crate::id::SessionKey;

/// A session that ended: for the layer above, it is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionEnded {
    /// What it was called.
    pub session: SessionKey,
    /// What its connection was.
    pub conn: ConnView,
    /// What it spoke.
    pub protocol: Protocol,
    /// Why it ended.
    pub reason: Reason,
}
