//! The registration of handlers.
//!
//! [`App`] is at the crate's root; its methods pass [`Routes`] and [`EngineRoutes`] to the closures that register
//! handlers.

pub(crate) mod app;
mod engine_routes;
mod handler;
mod http_routes;
mod listeners;
pub(crate) mod outcome;
mod routes;

pub(crate) use app::App;
pub use engine_routes::EngineRoutes;
pub use engine_routes::admission::ConnectionError;
pub(crate) use engine_routes::admission::Rejection;
pub(crate) use engine_routes::conn_events::ConnCall;
pub use engine_routes::raw::RawRoutes;
pub(crate) use handler::Erased;
pub use handler::Handler;
pub use routes::Routes;

pub use crate::http::Cors;
