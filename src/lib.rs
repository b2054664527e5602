//! A Socket.IO server that sleeps.
//!
//! Dormouse runs as a Cloudflare Worker with one Durable Object per *world*. It speaks Engine.IO 4 and Socket.IO 5 to
//! unmodified clients; while nobody talks, the object hibernates with every socket connected, and it wakes knowing
//! everything it knew. Handlers are registered once, when the object is constructed:
//!
//! ```
//! use dormouse::error::EmitError;
//! use dormouse::{App, Data, Io, Ack, Socket};
//!
//! fn app() -> App {
//!     App::new().namespace("/", |ns| ns.on_connect(joined).on("say", say))
//! }
//!
//! async fn joined(socket: Socket) {
//!     socket.join("lobby");
//! }
//!
//! async fn say(socket: Socket, io: Io, Data(text): Data<String>) -> Result<Ack<usize>, EmitError> {
//!     socket.to("lobby").emit("said", (socket.id(), text))?;
//!     Ok(Ack(io.sockets().len()))
//! }
//!
//! dormouse::world!(World, app);
//! ```

mod config;
mod id;
mod limits;
mod time;

mod admin;
mod cloudflare;
mod core;
mod dispatch;
#[cfg(any(test, target_arch = "wasm32"))]
mod edge;
mod handles;
mod http;
mod object;
mod world;

pub mod error;
pub mod extract;
pub mod routing;
pub mod value;

#[cfg(not(target_arch = "wasm32"))]
pub mod testing;

#[doc(hidden)]
pub mod internal;

pub use crate::error::failure::Failure;
pub use crate::extract::{event_arguments::Data, socket_arguments::Auth};
pub use crate::handles::{Io, Socket, Storage};
pub use crate::id::{Namespace, Room, SocketId};
pub use crate::routing::{app::App, outcome::Ack};
pub use crate::value::args::Args;

/// What handlers return, and what goes back to a client besides: acknowledgements, and responses to HTTP requests.
///
/// [`Ack`], the acknowledgement of an event, is at the crate's root, and errors are in [`error`].
pub mod response {
    pub use crate::handles::{AckSender, Headers, HttpResponse};
    pub use crate::routing::outcome::IntoOutcome;
}

/// What stands between a handler and its clients: operators, connections and handshakes.
///
/// [`Io`], [`Socket`], [`SocketId`], [`Namespace`], [`Room`] and [`Storage`] are at the crate's root.
pub mod socket {
    pub use crate::error::reason::Reason;
    pub use crate::handles::{BroadcastOperator, Conn, EngineSocket, Handshake, IntoRooms, SocketEmitter};
    pub use crate::id::Sid;
}

/// The crate whose [`Cookie`](cookie::Cookie) the option [`EngineRoutes::cookie`](routing::EngineRoutes::cookie) takes.
pub use cookie;

// worker-build's shim asks for what this crate exports: its panic hook, and the state that an abort resets.
#[cfg(target_arch = "wasm32")]
extern crate worker as _;

/// The README's Rust, as it stands there.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
