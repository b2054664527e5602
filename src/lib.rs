//! A Socket.IO server that runs as a Cloudflare Worker.
//!
//! Each *world* is one Durable Object. It holds the sockets, namespaces and rooms of one group of clients, and speaks Engine.IO 4
//! and Socket.IO 5 to unmodified Socket.IO clients. While nobody sends anything, the object hibernates with every socket still
//! connected; the next message wakes it, and it still knows every socket, namespace and room.
//!
//! # A first app
//!
//! An app is a function that registers handlers, and the macro [`world!`] exports it as a Worker:
//!
//! ```
//! use dormouse::error::{EmitError, JoinError};
//! use dormouse::{Ack, App, Data, Io, Socket};
//!
//! fn app() -> App {
//!     App::new().namespace("/", |ns| ns.on_connect(joined).on("say", say))
//! }
//!
//! async fn joined(socket: Socket) -> Result<(), JoinError> {
//!     socket.join("lobby")
//! }
//!
//! async fn say(socket: Socket, io: Io, Data(text): Data<String>) -> Result<Ack<usize>, EmitError> {
//!     socket.to("lobby").emit("said", (socket.id(), text))?;
//!     Ok(Ack(io.sockets().len()))
//! }
//!
//! dormouse::world!(World, app);
//! ```
//!
//! # Handlers and extractors
//!
//! A handler is an async function, registered once for the app and not for each socket: this is why a world that lost its memory
//! still has its handlers when it wakes. [`Routes`](routing::Routes) has the methods of a namespace: `on`, `on_connect`,
//! `on_disconnect`, `guard`, and more. [`EngineRoutes`](routing::EngineRoutes) has those of Engine.IO beneath it.
//!
//! The arguments of a handler are extractors: [`Socket`] is the client that caused the call, [`Io`] its namespace, [`Data`] the
//! parsed arguments of the event, [`Args`] the same arguments unparsed. [`Extract`](extract::Extract) lists all of them. If the
//! arguments of an event cannot be extracted, the handler is not called; a client that asked for an acknowledgement is told the reason.
//!
//! Nothing that a handler keeps in a variable survives hibernation. Keep what belongs to a socket with [`Socket::set_data`], and
//! what belongs to the world in [`Storage`].
//!
//! # Acknowledgements
//!
//! - A handler that returns [`Ack`] acknowledges the event that it was called for; an [`AckSender`](response::AckSender) does so
//!   later.
//! - `emit_with_ack` sends an event and waits for the client's acknowledgement. The world stays awake while it waits.
//! - [`Socket::ack_to`] names a handler instead, registered with [`on_ack`](routing::Routes::on_ack), to which the acknowledgement
//!   is passed. The world may hibernate in between.
//!
//! # Errors
//!
//! A handler may return a [`Failure`], into which `?` converts every type that implements `std::error::Error`. If the client asked
//! for an acknowledgement, it gets `{"status":"error","error":{"code":"…","message":"…"}}`. A handler that panics costs its own
//! event only. The errors of Dormouse's own methods are in [`error`].
//!
//! # Storage
//!
//! [`Storage`] holds values by key in the object's SQLite. They survive hibernation, a deployment and the last client.
//!
//! # Testing
//!
//! A `testing::TestWorld` runs an app on the host, without a runtime: with test clients, a clock that the test moves, and hibernation
//! on demand.
//!
//! # Deploying
//!
//! An app is a crate of the type `cdylib` with a `wrangler.toml`. The README, section "Your own server", shows both whole; its
//! section "Variables" lists what can be configured, such as the allowed origins and the ping interval.
//!
//! # Limits
//!
//! Every bound is documented where it is met. Those that most apps meet first:
//!
//! | what | limit |
//! | --- | --- |
//! | a message or a POST body | 1,000,000 bytes, by the variable `MAX_PAYLOAD_BYTES` |
//! | binary attachments of a packet | 10 |
//! | URL and [kept headers](crate::routing::EngineRoutes::keep_headers) of a session | 8,192 bytes |
//! | the auth object of a CONNECT | 16,384 bytes |
//! | the data of a socket | 65,536 bytes of JSON |
//! | rooms of a socket | 10,000 |
//! | what a world keeps of its clients: headers, auth objects, data, rooms, acknowledgements | 24,000,000 bytes |
//! | connections of a world | 32,768, of which 1,000 may be polling |
//! | named alarms of a world | 400 |
//! | a value in the storage | 1,900,000 bytes of JSON |
//! | levels of nesting in the JSON of a binary packet | 4,000 |

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

/// Acknowledgements of events, and responses to HTTP requests.
///
/// [`Ack`], the acknowledgement of an event, is at the crate's root, and errors are in [`error`].
pub mod response {
    pub use crate::handles::{AckSender, Headers, HttpResponse};
    pub use crate::routing::outcome::IntoOutcome;
}

/// The handles of sockets and connections, and the operators that choose who gets an event.
///
/// [`Io`], [`Socket`], [`SocketId`], [`Namespace`], [`Room`] and [`Storage`] are at the crate's root.
pub mod socket {
    pub use crate::error::reason::Reason;
    pub use crate::handles::{BroadcastOperator, Conn, EngineSocket, Handshake, IntoRooms, SocketEmitter};
    pub use crate::id::Sid;
}

/// The crate of the [`Cookie`](cookie::Cookie) that [`EngineRoutes::cookie`](routing::EngineRoutes::cookie) takes.
pub use cookie;

// Linked because worker-build's shim needs its exports: the panic hook, and the state that is reset after an abort.
#[cfg(target_arch = "wasm32")]
extern crate worker as _;

/// Tests the Rust code of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
