//! Exports for the crate's own tests, benches and macros, beyond the public API. Not part of the API: anything here may
//! change in any release.

pub use crate::admin::Operation;
#[cfg(target_arch = "wasm32")]
pub use crate::cloudflare::{Object, Promise, fetch, queue, scheduled, wasm_bindgen};
pub use crate::config::{Config, ReaderBounds};
pub use crate::core::effect::Response;
pub use crate::core::handshake_request::{HandshakeRequest, Protocol};
pub use crate::core::meter::Meter;
pub use crate::core::snapshot::Parts;
pub use crate::core::socketio::{Decoder, Packet, encode_ack, encode_event};
pub use crate::core::{engineio, server};
pub use crate::error::fault::Fault;
pub use crate::error::refusal::Refusal;
pub use crate::http::EngineRequest;
pub use crate::id::{AckId, ConnId, Entropy, RequestId, WorldName};
pub use crate::log::Record;
pub use crate::object::{Body, Platform, Readers, Reception, RosterHead, RowKind, Shell, Unfinished, Unowned};
pub use crate::outside::Outside;
#[cfg(not(target_arch = "wasm32"))]
pub use crate::testing::faults::{Disk, Waking};
#[cfg(not(target_arch = "wasm32"))]
pub use crate::testing::host::Host;
#[cfg(not(target_arch = "wasm32"))]
pub use crate::testing::virtual_runtime::{HttpNo, Said, SocketNo, To, VirtualPlatform, VirtualSocket, What};
pub use crate::world::Store;

use crate::handles::{ConnRequest, Headers, Variables};
use crate::id::Sid;
use crate::routing::App;

/// The limits.
pub mod limits {
    pub use crate::limits::*;
}

/// Snapshots as they are stored.
pub mod attachment {
    pub use crate::object::attachment::*;
}

/// Returns a request of a connection, for callers that drive a [`Shell`] on a runtime of their own. `is_upgrade` is
/// whether the request asks for a WebSocket.
pub fn conn_request(
    method: String,
    world: WorldName,
    is_upgrade: bool,
    handshake: HandshakeRequest,
    variables: Variables,
) -> ConnRequest {
    ConnRequest::new(method, world, is_upgrade, handshake, variables)
}

/// Calls the app's hooks that change the headers of a session's response, as the Worker does.
pub fn change_headers(app: &App, headers: &mut Headers, request: &ConnRequest) {
    app.engine_routes().change_headers(headers, request);
}

/// Returns the header `set-cookie` of a session that is opened by polling; `None` if the app sets no cookie.
pub fn set_cookie(app: &App, sid: Sid) -> Option<String> {
    app.engine_routes().set_cookie(sid)
}

/// Returns the keys of a world's table that start with `prefix`, also those of Dormouse's own rows.
#[cfg(not(target_arch = "wasm32"))]
pub fn stored_keys(world: &crate::testing::TestWorld, prefix: &str) -> Vec<String> {
    world.stored_keys(prefix)
}

/// Returns what a world has counted, in the order of the metrics in `cloudflare/metrics.js`.
#[cfg(not(target_arch = "wasm32"))]
pub fn numbers(world: &crate::testing::TestWorld) -> Vec<u64> {
    world.numbers()
}
