//! The headers that the Worker and its objects send each other.

/// The header with which an object makes the Worker accept a WebSocket and close it at once.
#[cfg(target_arch = "wasm32")]
pub(crate) const CLOSE_MARK: &str = "x-dormouse-close";

/// Prefix of internal headers between the Worker and its objects. They are removed from what clients and handlers send.
pub(crate) const INTERNAL_PREFIX: &str = "x-dormouse-";
