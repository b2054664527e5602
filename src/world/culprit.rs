//! The client whose packet is handled in a later turn than the one in which it came: it is to blame if the wasm instance aborts, and not
//! the event that is under way. Only `cloudflare` asks, when nothing of the world can be read any more.

use core::sync::atomic::{AtomicU32, Ordering};

use crate::id::ConnId;

/// One for all worlds of the isolate, as only one of them runs at a time: a number of [`number`].
static CULPRIT: AtomicU32 = AtomicU32::new(0);

/// A client without a WebSocket.
const POLLS: u32 = u32::MAX;

/// Notes that a client is to blame from now on, with its WebSocket if it has one.
pub(crate) fn note(conn: Option<ConnId>) {
    CULPRIT.store(conn.map_or(POLLS, |conn| conn.0.saturating_add(1)), Ordering::Relaxed);
}

/// Notes that whoever caused the event under way is to blame from now on.
pub(crate) fn clear() {
    CULPRIT.store(0, Ordering::Relaxed);
}

/// Returns who is to blame: 0 for whoever caused the event under way; 1 more than the number of the client's WebSocket; a number of no
/// WebSocket, if the client has none.
#[cfg(target_arch = "wasm32")]
pub(crate) fn number() -> u32 {
    CULPRIT.load(Ordering::Relaxed)
}
