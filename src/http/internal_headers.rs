//! The headers that the Worker and its objects send each other.

/// The header with which an object makes the Worker accept a WebSocket and close it at once.
#[cfg(target_arch = "wasm32")]
pub(crate) const CLOSE_MARK: &str = "x-dormouse-close";

/// Prefix of internal headers in responses of an object to the Worker. They are removed from what handlers send, and from the
/// requests that handlers get.
pub(crate) const INTERNAL_PREFIX: &str = "x-dormouse-";

/// Prefix of the paths by which worlds and the Worker call a world. The Worker forwards requests to gateways, to the app's routes and to the
/// admin HTTP API only, so that no request of a client arrives at an object with such a path.
#[cfg(target_arch = "wasm32")]
pub(crate) const INNER_PATH: &str = "/.worlds/";
