//! The first and the last stage of the object: runtime events become inputs, effects become calls of the runtime.

pub mod spill;

mod turn;

#[cfg(target_arch = "wasm32")]
mod alarm;
#[cfg(target_arch = "wasm32")]
mod object;
#[cfg(target_arch = "wasm32")]
mod perform;
#[cfg(target_arch = "wasm32")]
mod receive;

#[cfg(target_arch = "wasm32")]
pub use object::Object;
pub use turn::World;
