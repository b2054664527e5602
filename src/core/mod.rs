//! The core: Engine.IO and Socket.IO without I/O. [`server`] is its entry point and joins the other modules.

pub(crate) mod account;
pub(crate) mod acks;
pub(crate) mod debts;
pub(crate) mod dispatch;
pub(crate) mod effect;
pub mod engineio;
pub(crate) mod handshake_request;
pub(crate) mod input;
pub(crate) mod link;
pub(crate) mod meter;
pub(crate) mod named_alarms;
pub(crate) mod namespace;
pub mod server;
pub(crate) mod snapshot;
pub(crate) mod socketio;
pub(crate) mod table;
pub(crate) mod traces;
pub(crate) mod view;
