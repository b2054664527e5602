//! Registration: which handlers an app has, for what.

mod app;
mod engine;
mod handler;
mod http_routes;
mod listeners;
mod outcome;
mod routes;

pub use app::App;
pub use engine::EngineRoutes;
pub use engine::admission::ConnectionError;
pub(crate) use engine::admission::Rejection;
pub(crate) use engine::conn_events::ConnCall;
pub use engine::raw::RawRoutes;
pub(crate) use handler::Erased;
pub use handler::{ExtractAll, Handler, HandlerFn};
pub use outcome::{Ack, IntoOutcome};
pub use routes::Routes;

pub use crate::http::Cors;
