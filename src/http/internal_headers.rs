//! The headers that the Worker and its objects send each other.

/// The header with which an object tells the Worker to accept a WebSocket and to close it.
#[cfg(target_arch = "wasm32")]
pub const CLOSE_MARK: &str = "x-dormouse-close";

/// What headers begin with that the Worker and its objects say to each other: neither clients nor handlers say such.
pub const INTERNAL_PREFIX: &str = "x-dormouse-";
