//! A Socket.IO server that sleeps.

pub mod config;
pub mod effect;
pub mod engine;
pub mod error;
pub mod id;
pub mod input;
pub mod limits;
pub mod namespace;
pub mod request;
pub mod server;
pub mod snapshot;
pub mod socket;
pub mod time;
pub mod value;

pub use value::Args;
