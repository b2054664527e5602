//! What the crate's own tests, benches and macros need beyond what users see. Not part of the API: anything here may change in
//! any release.

pub use crate::admin::Operation;
#[cfg(target_arch = "wasm32")]
pub use crate::cloudflare::{Object, Promise, fetch, wasm_bindgen};
pub use crate::config::Config;
pub use crate::core::effect::Response;
pub use crate::core::handshake_request::{HandshakeRequest, Protocol};
pub use crate::core::snapshot::Parts;
pub use crate::core::socketio::{Decoder, Packet, encode_ack, encode_event};
pub use crate::core::{engineio, server};
pub use crate::error::fault::Fault;
pub use crate::error::refusal::Refusal;
pub use crate::http::EngineRequest;
pub use crate::id::{AckId, ConnId, Entropy, RequestId, WorldName};
pub use crate::object::{Body, Platform, Reception, Shell};
#[cfg(not(target_arch = "wasm32"))]
pub use crate::testing::{Host, HttpNo, Said, SocketNo, To, VirtualPlatform, VirtualSocket, What};
pub use crate::world::Store;

/// The bounds.
pub mod limits {
    pub use crate::limits::*;
}

/// A snapshot as it is written down.
pub mod attachment {
    pub use crate::object::attachment::*;
}
