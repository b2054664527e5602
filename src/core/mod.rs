//! The core: Engine.IO and Socket.IO without I/O. [`server`] joins all else.

pub mod acks;
pub mod alarms;
pub mod dispatch;
pub mod effect;
pub mod engineio;
pub mod handshake_request;
pub mod input;
pub mod namespace;
pub mod server;
pub mod snapshot;
pub mod socketio;
pub mod table;
pub mod view;
