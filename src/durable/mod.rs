//! The first and the last stage of the object: runtime events become inputs, effects become calls of the runtime.

mod turn;

pub mod spill;

pub use turn::World;
