//! A Socket.IO server that sleeps.
//!
//! Dormouse runs as a Cloudflare Worker with one Durable Object per *world*. It speaks Engine.IO 4 and Socket.IO 5 to
//! unmodified clients; while nobody talks, the object hibernates with every socket connected, and it wakes knowing
//! everything it knew. Handlers are registered once, when the object is constructed:
//!
//! ```
//! use dormouse::{App, Data, EmitError, Io, JoinError, Reply, Socket};
//!
//! fn app() -> App {
//!     App::new().namespace("/", |ns| ns.on_connect(joined).on("say", say))
//! }
//!
//! async fn joined(socket: Socket) -> Result<(), JoinError> {
//!     socket.join("lobby")
//! }
//!
//! async fn say(socket: Socket, io: Io, Data(text): Data<String>) -> Result<Reply<usize>, EmitError> {
//!     socket.to("lobby").emit("said", (socket.id(), text))?;
//!     Ok(Reply(io.sockets().len()))
//! }
//!
//! dormouse::world!(World, app);
//! ```
//!
//! # The map
//!
//! The modules in the order in which a packet meets them. The core, from [`server`] to [`namespace`], has no clock, no
//! randomness and no runtime: it is told what happens, and says what is to be done.
//!
//! 1. [`edge`], the Worker, refuses what needs no world and routes the rest;
//! 2. [`durable`], the object's shell, turns the runtime's events into [`input`]s;
//! 3. [`server`], the core's one door, hands them through [`engine`] (bytes <-> messages), [`socket`] (messages <->
//!    Socket.IO packets) and [`namespace`] (who hears it), which never import one another;
//! 4. [`handler`] calls user code, such as the [`tabletop`] relay, whose doings come back as inputs;
//! 5. [`admin`] is what people outside do through the same handles as handlers;
//! 6. [`durable`] performs the [`effect`]s and writes the [`snapshot`]s that survive sleep.
//!
//! On the host, `testing` takes the place of the runtime, under the same shell.

// What everything else is said in.
pub mod config;
pub mod effect;
pub mod error;
pub mod id;
pub mod input;
pub mod limits;
pub mod request;
pub mod snapshot;
pub mod table;
pub mod time;
pub mod value;

// The stages.
pub mod admin;
pub mod durable;
pub mod edge;
pub mod engine;
pub mod handler;
pub mod namespace;
pub mod server;
pub mod socket;
pub mod tabletop;

#[cfg(not(target_arch = "wasm32"))]
pub mod testing;

#[doc(hidden)]
pub mod export;
#[cfg(target_arch = "wasm32")]
mod runtime;

// worker-build's shim asks for what this crate exports: its panic hook, and the state that an abort resets.
#[cfg(target_arch = "wasm32")]
extern crate worker as _;

pub use error::{Fault, NoAnswer, Reason};
pub use handler::{
    AckError, AckSender, Answer, App, Auth, BroadcastAckError, BroadcastOperator, Conn, ConnRequest, ConnectionError,
    Context, Cors, Data, EmitError, EngineRoutes, EngineSocket, EventName, Extract, Failure, Handler, HandlerError,
    Handshake, Headers, HttpRequest, HttpResponse, IntoRooms, Io, JoinError, Json, Reply, Routes, Socket, SocketData,
    SocketEmitter, Storage, Unanswered,
};
pub use id::{Namespace, Room, Sid, SocketId};
pub use time::Timestamp;
pub use value::{Args, DecodeError, EncodeError, EnginePacket, Frame, FromArgs, IntoArgs, PacketKind};

/// The crate whose [`Cookie`](cookie::Cookie) the option [`EngineRoutes::cookie`] takes.
pub use cookie;

/// The README's Rust, as it stands there.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
