//! Stage 3: bytes <-> messages. All Engine.IO sessions of a world, and every transition of theirs.
//!
//! Knows nothing of Socket.IO. A session ends in one of two ways:
//!
//! - [`Engine::close_session`] closes it in good order: what waits for its client is delivered first. A polling session
//!   drains: it is over for the layer above, and stays until its client has fetched what waits and the close.
//! - `Engine::drop_session` ends it at once: its transport is closed, and what waits is lost. The peer is gone, broke the
//!   protocol, or was silent for too long.
//!
//! Either way, [`Engine::next_ended`] reports it once; the layer above must ask after every call.

pub mod payload;
pub mod wire;

mod closing;
mod deadlines;
mod engine;
mod heartbeat;
mod incoming;
mod lookup;
mod open_packet;
mod opening;
mod packet_events;
mod packet_watch;
mod polling;
mod posts;
mod probe;
mod received_packet;
mod send;
mod session;
mod session_ended;
mod timeout;
mod upgrade;

pub use engine::Engine;
pub use heartbeat::{Heartbeat, HeartbeatState, SleepingTick};
pub use received_packet::{Message, ReceivedPacket};
pub use session_ended::SessionEnded;
pub use timeout::Wakeup;
