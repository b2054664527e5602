//! The first and the last stage of the object: runtime events become inputs, effects become calls of the runtime.
//!
//! The [`Shell`] does so on the host, too: all that it wants of the runtime is in the [`Platform`].

pub mod spill;

mod alarm;
mod late;
mod perform;
mod platform;
mod requests;
mod shell;
mod tasks;
mod turn;

#[cfg(target_arch = "wasm32")]
mod object;
#[cfg(target_arch = "wasm32")]
mod receive;
#[cfg(target_arch = "wasm32")]
mod serve;
#[cfg(target_arch = "wasm32")]
mod workers;

pub use late::answer_or_late;
#[cfg(target_arch = "wasm32")]
pub use object::Object;
pub use platform::{Platform, Store};
pub use requests::{Body, Reception};
pub use shell::Shell;
pub use tasks::{Ended, Notify, Tasks};
pub use turn::World;
