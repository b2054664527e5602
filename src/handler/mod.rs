//! Stage 6: user code. Handlers are registered once, when a world's object is constructed, and never per socket: a
//! world that slept constructs them again and knows everything it knew.

mod engine_socket;
mod router;
mod socket;

pub use engine_socket::EngineSocket;
pub use router::{App, Call, Routes};
pub use socket::{AckSender, Emitter, Event, Socket};
