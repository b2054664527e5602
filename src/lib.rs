//! A Socket.IO server that sleeps.

pub mod config;
pub mod effect;
pub mod error;
pub mod id;
pub mod input;
pub mod limits;
pub mod request;
pub mod snapshot;
pub mod time;
pub mod value;

#[cfg(target_arch = "wasm32")]
mod runtime;
// worker-build's shim asks for what this crate exports: its panic hook, and the state that an abort resets.
#[cfg(target_arch = "wasm32")]
extern crate worker as _;

pub mod durable;
pub mod edge;
pub mod engine;
pub mod handler;
pub mod namespace;
pub mod server;
pub mod socket;
pub mod tabletop;

#[doc(hidden)]
pub mod export;

pub use handler::{AckSender, App, Emitter, EngineSocket, Event, Routes, Socket};
pub use value::{Args, Frame};

#[cfg(feature = "relay")]
world!(World, tabletop::app);
