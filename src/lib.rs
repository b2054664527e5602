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

pub use crate::error::Failure;
pub use crate::extract::{Auth, Data};
pub use crate::handles::{Io, Socket, Storage};
pub use crate::id::{Namespace, Room, SocketId};
pub use crate::routing::{Ack, App};
pub use crate::value::Args;

/// What handlers return.
pub mod response {
    pub use crate::handles::{AckSender, Headers, HttpResponse};
    pub use crate::routing::{Ack, IntoOutcome};
}

/// What handlers hold: a world, its sockets, and what stands between them and `emit`.
pub mod socket {
    pub use crate::error::Reason;
    pub use crate::handles::{
        BroadcastOperator, Conn, EngineSocket, Handshake, IntoRooms, Io, Socket, SocketEmitter, Storage,
    };
    pub use crate::id::{Namespace, Room, Sid, SocketId};
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
