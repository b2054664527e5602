//! The registration of handlers.
//!
//! [`App`] is at the crate's root; its methods pass [`Routes`] and [`EngineRoutes`] to the closures that register
//! handlers.

pub(crate) mod app;
mod app_state;
#[cfg(test)]
mod clash_line;
mod engine_routes;
mod event_modifiers;
mod failure_line;
mod handler;
mod http_routes;
mod http_table;
#[cfg(feature = "jwt")]
mod jwt_routes;
mod linked_worlds;
mod listeners;
#[cfg(feature = "sql")]
mod migrations;
pub(crate) mod outcome;
mod outgoing_routes;
mod placements;
mod route_error;
mod routes;
mod worker_events;
mod worker_routes;
mod worker_side;

pub(crate) use app::App;
pub use engine_routes::EngineRoutes;
pub use engine_routes::admission::ConnectionError;
pub(crate) use engine_routes::admission::Rejection;
pub(crate) use engine_routes::conn_events::ConnCall;
pub use engine_routes::raw::RawRoutes;
#[cfg(target_arch = "wasm32")]
pub(crate) use engine_routes::{Gateways, WorkerHooks};
pub(crate) use event_modifiers::forgetter;
pub use handler::Handler;
pub(crate) use handler::{Erased, erase};
#[cfg(feature = "sql")]
pub use migrations::Migration;
pub use route_error::RouteError;
pub use routes::Routes;
pub(crate) use worker_side::WorkerEnd;
#[cfg(target_arch = "wasm32")]
pub(crate) use worker_side::WorkerHandlers;
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use worker_side::WorkerSide;

pub use crate::config::placement::{Jurisdiction, LocationHint, Placement};
pub use crate::handles::{Limit, LimitState, RateLimit};
pub use crate::http::Cors;
