//! A Socket.IO server that sleeps.

pub mod config;
pub mod durable;
pub mod effect;
pub mod engine;
pub mod error;
pub mod handler;
pub mod id;
pub mod input;
pub mod limits;
pub mod namespace;
pub mod request;
pub mod server;
pub mod snapshot;
pub mod socket;
pub mod tabletop;
pub mod time;
pub mod value;

pub use handler::{AckSender, App, Emitter, EngineSocket, Event, Routes, Socket};
pub use value::{Args, Frame};
