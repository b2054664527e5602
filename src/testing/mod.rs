//! Tests of an app's handlers without the Workers runtime: a [`TestWorld`] with simulated clients, a clock that only the test
//! advances, and hibernation whenever the test asks for it.
//!
//! ```
//! use dormouse::testing::{TestEvent, TestWorld};
//! use dormouse::error::{EmitError, JoinError};
//! use dormouse::{App, Args, Ack, Socket};
//!
//! fn app() -> App {
//!     App::new().namespace("/", |ns| ns.on_connect(joined).on("say", say))
//! }
//!
//! async fn joined(socket: Socket) -> Result<(), JoinError> {
//!     socket.join("lobby")
//! }
//!
//! async fn say(socket: Socket, args: Args) -> Result<Ack<()>, EmitError> {
//!     socket.to("lobby").emit("said", args)?;
//!     Ok(Ack(()))
//! }
//!
//! let world = TestWorld::new(app);
//! let anna = world.connect("/");
//! let ben = world.connect("/");
//!
//! anna.emit("say", ("good night",));
//! assert_eq!(ben.next_event(), Some(TestEvent::new("said", ("good night",))));
//!
//! // The state that handlers need must survive hibernation; memory does not.
//! world.sleep();
//! let ack = anna.emit_with_ack("say", ("good morning", 7));
//! assert_eq!(ben.take_events(), [TestEvent::new("said", ("good morning", 7))]);
//! assert!(ack.args().is_some());
//! assert_eq!(anna.next_event(), None);
//! ```
//!
//! The world runs the same Rust code as the deployed object; only the JavaScript of the runtime is replaced. If a handler panics,
//! its event is lost and a line is added to [`TestWorld::log`], as in production. A panic in Dormouse itself fails the test.
//!
//! This module exists on the host only, not on wasm32.

mod client_builder;
mod clients;
mod controller_call;
mod deployment;
pub(crate) mod faults;
pub(crate) mod host;
mod other_worlds;
mod polling_requests;
mod same_args;
mod std_clock;
mod test_bindings;
mod test_client;
mod test_event;
mod test_queue;
mod test_request;
mod test_world;
mod test_worlds;
mod transport;
mod unread_bytes;
mod virtual_platform;
pub(crate) mod virtual_runtime;
mod virtual_store;
mod worker_hooks;

pub use crate::outside::{D1Answer, FetchAnswer};
pub use client_builder::{ClientBuilder, TestConnect};
pub use controller_call::Call;
pub use test_bindings::{TestBucket, TestD1, TestKv, TestQueue};
pub use test_client::{TestAck, TestClient};
pub use test_event::{ConnectError, Disconnected, TestEvent};
pub use test_queue::{TestBatch, TestMessage};
pub use test_request::TestResponse;
pub use test_world::TestWorld;
pub use test_worlds::{TestWorkerResponse, TestWorlds};
