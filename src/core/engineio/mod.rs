//! The stage from frames and payloads to messages, and back. The Engine.IO sessions of a world, and all of their transitions.
//!
//! This module does not depend on Socket.IO. A session ends in one of two ways:
//!
//! - [`Engine::close_session`] closes it in good order: what waits for its client is delivered first. A polling session
//!   drains: it has ended for the layer above, but stays until its client has fetched what waits and the close, or until
//!   `POLLING_CLOSE_TIMEOUT`.
//! - `Engine::drop_session` ends it at once: its transport is closed, and what waits is lost. The connection is lost, breaks
//!   the protocol, or is silent or too slow.
//!
//! Either way, [`Engine::next_ended`] reports the end once; the layer above must call it after every other call.

pub mod payload;
pub mod wire;

mod charging;
mod closing;
mod counts;
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
mod session_link;
mod timeout;
mod unjoined;
mod upgrade;
mod waiting;

pub use charging::Refused;
pub use counts::SessionCounts;
pub use engine::Engine;
pub use heartbeat::{Heartbeat, HeartbeatState, SleepingTick};
pub use incoming::Arrived;
pub use lookup::Reach;
pub use received_packet::{Message, ReceivedPacket};
pub use session::Session;
pub use session_ended::SessionEnded;
pub use timeout::Wakeup;
pub use unjoined::Room;
