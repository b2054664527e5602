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
//! what belongs to the world in [`Storage`]. What can be made again at each waking is [`State`]; the page `docs/state.md` says what
//! survives what.
//!
//! # The outside
//!
//! [`Env`] has the bindings of the deployment: KV, D1, R2, queues, and other Workers. [`fetch`](fetch()) asks other servers, and [`sleep`]
//! waits. The world stays awake meanwhile.
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
//! [`Storage`] holds values by key in the object's SQLite. They survive hibernation, a deployment and the last client. With the crate's
//! feature `sql`, `Storage::sql` runs statements in the same database, and `App::migration` changes its tables.
//!
//! # Testing
//!
//! A `testing::TestWorld` runs an app on the host, without a runtime: with test clients, a clock that the test moves, and hibernation
//! on demand.
//!
//! # Deploying
//!
//! An app is a crate of the type `cdylib` with a `wrangler.toml`. The page `docs/guide.md` shows both whole. The page
//! `docs/deploying.md` lists what can be configured, such as the allowed origins and the ping interval.
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
//! | what one call reads from the storage | 10,000 rows or entries, 8,000,000 bytes |
//! | levels of nesting in the JSON of a binary packet | 4,000 |

mod config;
mod id;
mod limits;
mod log;
mod time;

mod admin;
mod cloudflare;
mod controllers;
mod core;
mod dispatch;
#[cfg(any(test, target_arch = "wasm32"))]
mod edge;
mod handles;
mod http;
#[cfg(feature = "jwt")]
pub mod jwt;
mod object;
mod outside;
mod sessions;
#[cfg(feature = "validation")]
pub mod validation;
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
pub use crate::extract::{State, event_arguments::Data, socket_arguments::Auth};
pub use crate::handles::{Io, Socket, Storage};
pub use crate::id::{Namespace, Room, SocketId, WorldName};
pub use crate::log::Level;
pub use crate::outside::{Env, fetch, sleep};
pub use crate::routing::{app::App, outcome::Ack};
pub use crate::value::args::Args;

/// Acknowledgements of events, and responses to HTTP requests.
///
/// [`Ack`], the acknowledgement of an event, is at the crate's root, and errors are in [`error`].
pub mod response {
    pub use crate::handles::{AckSender, Headers, HttpResponse};
    pub use crate::routing::RouteError;
    pub use crate::routing::outcome::IntoOutcome;
}

/// Controllers: events by name, with hooks before them, validation, and answers of one form.
pub mod controller {
    pub use crate::controllers::{
        Context, Controller, ErrorResponse, Flow, Hook, HookFunction, IntoHook, Payload, PostFunction, Reply, Response,
        User, http_hook, render_error,
    };

    #[cfg(feature = "validation")]
    pub use crate::controllers::{validate, validate_schema};

    /// The kinds of calls of a controller's functions: the `C` of [`Handler`](crate::routing::Handler) and
    /// [`Extract`](crate::extract::Extract).
    pub mod calls {
        pub use crate::controllers::calls::{ContextCall, Erring, Hooked, Joining, Message};
    }
}

/// Sessions: what is known of a user over many messages, requests and connections.
pub mod session {
    pub use crate::sessions::{
        Missing, Session, SessionOptions, Sessions, TokenSource, UseSessions, forward_http_session, use_sessions,
        user_required,
    };
}

/// Since when a world is awake, and why: see [`Io::awake`].
pub mod awake {
    pub use crate::core::meter::{Awake, WakeReason};
}

/// The handles of sockets and connections, and the operators that choose who gets an event.
///
/// [`Io`], [`Socket`], [`SocketId`], [`Namespace`], [`Room`] and [`Storage`] are at the crate's root.
pub mod socket {
    pub use crate::error::reason::Reason;
    pub use crate::handles::{BroadcastOperator, Conn, EngineSocket, Handshake, IntoRooms, RemoteWorld, SocketEmitter};
    pub use crate::id::Sid;
}

/// What handlers reach outside of their world: see [`Env`], [`fetch`](fetch()) and [`sleep`].
pub mod bindings {
    pub use crate::outside::{Bucket, BucketObject, BucketObjects, D1, D1Statement, Kv, KvKeys, Queue, Service};
}

/// What [`Storage`] returns: entries of a range, and SQL statements.
pub mod storage {
    pub use crate::handles::Entries;
    #[cfg(feature = "sql")]
    pub use crate::handles::Query;
}

/// The crate of the [`Cookie`](cookie::Cookie) that [`EngineRoutes::cookie`](routing::EngineRoutes::cookie) takes.
pub use cookie;

/// The crate of the rules of [`Valid<T>`](validation::Valid).
#[cfg(feature = "validation")]
pub use garde;

/// The crate of the platform's own types, for [`Env::raw`]. It is linked anyway, because worker-build's shim needs its exports: the panic
/// hook, and the state that is reset after an abort.
#[cfg(target_arch = "wasm32")]
pub use worker;

/// Tests the Rust code of the pages.
#[cfg(doctest)]
mod pages {
    #[doc = include_str!("../README.md")]
    struct Readme;

    #[doc = include_str!("../docs/guide.md")]
    struct Guide;

    #[cfg(feature = "sql")]
    #[doc = include_str!("../docs/sql.md")]
    struct Sql;

    #[doc = include_str!("../docs/connections.md")]
    struct Connections;

    #[cfg(feature = "validation")]
    #[doc = include_str!("../docs/validation.md")]
    struct Validation;

    #[cfg(feature = "validation")]
    #[doc = include_str!("../docs/controllers.md")]
    struct Controllers;

    #[cfg(feature = "jwt")]
    #[doc = include_str!("../docs/jwt.md")]
    struct Jwt;
    #[doc = include_str!("../docs/state.md")]
    struct State;
}
