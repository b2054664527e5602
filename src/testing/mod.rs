//! A world on the host, for tests.

mod host;
mod platform;
mod runtime;

#[doc(hidden)]
pub use host::Host;
#[doc(hidden)]
pub use runtime::{HttpNo, Said, SocketNo, To, VirtualPlatform, VirtualSocket, What};
