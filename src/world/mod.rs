//! One turn of a world.

mod tasks;
mod turn;

pub use tasks::Notify;
pub use turn::World;
