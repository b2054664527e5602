//! Stage 1: the Worker. Answers everything that needs no world, so that a bad request never wakes one, and hands the
//! rest to the world's object.

pub mod auth;
pub mod cors;
pub mod head;
pub mod judge;
pub mod route;

#[cfg(target_arch = "wasm32")]
pub mod entry;
#[cfg(target_arch = "wasm32")]
pub mod respond;
