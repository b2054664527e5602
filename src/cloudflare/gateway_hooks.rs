//! The app's hooks for requests to gateways, which are called in the Worker. `EngineRoutes` points to this, so that an app without any
//! does not link it.

use core::panic::AssertUnwindSafe;
use std::rc::Rc;

use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, future_to_promise};

use super::respond::respond;
use super::runtime;
use super::worker_entry::{forward, log, log_refusal};
use crate::config::Config;
use crate::error::Refusal;
use crate::handles::{ConnRequest, Headers};
use crate::http::HeaderPair;
use crate::id::WorldName;
use crate::outside::{Arrived, ToCome};
use crate::routing::{EngineRoutes, Gateways, Rejection, WorkerHooks};

/// What calls the hooks.
pub(crate) const WORKER_HOOKS: WorkerHooks = WorkerHooks { ask, report };

/// Calls the hooks, before the request is forwarded to its world and after that.
fn ask(app: Rc<dyn Gateways>, arrived: &Arrived<'_>, world: WorldName) -> ToCome {
    let (request, env) = (arrived.request.clone(), arrived.env.clone());
    let (details, headers, config) = (details(arrived, world), arrived.own.to_vec(), Rc::clone(arrived.config));
    let response = async move { respond_asked(&request, &env, &*app, &details, &headers, &config).await };
    ToCome(runtime::or_lost(&future_to_promise(AssertUnwindSafe(response))))
}

/// Calls the hooks of refused connections.
fn report(engine: &EngineRoutes, arrived: &Arrived<'_>, world: WorldName, refusal: &Refusal) {
    if engine.watches_errors() {
        engine.report(&details(arrived, world), refusal);
    }
}

fn details(arrived: &Arrived<'_>, world: WorldName) -> ConnRequest {
    let (head, env) = (arrived.head, arrived.env.clone());
    let variables = Rc::new(move |name: &str| runtime::variable(&env, name));
    ConnRequest::new(head.method().to_owned(), world, head.is_upgrade(), head.to_handshake(runtime::now()), variables)
}

async fn respond_asked(
    request: &JsValue,
    env: &JsValue,
    app: &dyn Gateways,
    details: &ConnRequest,
    headers: &[HeaderPair],
    config: &Config,
) -> Result<JsValue, JsValue> {
    let engine = app.engine_routes();
    if let Err(denied) = engine.admit(details, config.transports).await {
        match &denied {
            Rejection::Refused(refusal) => log_refusal(config, refusal),
            Rejection::Failed(_, line) => log(config, line),
            Rejection::Answered(_) => {}
        }
        return respond(denied.into_response(details.is_upgrade()), headers);
    }
    let placement = app.place(details.world(), config.placement);
    let response = JsFuture::from(forward(env, details.world(), request, placement)).await?;
    if engine.changes_headers() { change_headers(engine, details, &response) } else { Ok(response) }
}

/// Calls the hooks that change the headers of a response.
fn change_headers(engine: &EngineRoutes, request: &ConnRequest, response: &JsValue) -> Result<JsValue, JsValue> {
    let parts: &runtime::Response = response.unchecked_ref();
    // A response with another status is a refusal.
    if !matches!(parts.status(), 101 | 200) {
        return Ok(response.clone());
    }
    let mut headers: Headers = runtime::header_pairs(response).into_iter().collect();
    engine.change_headers(&mut headers, request);
    let flat = headers.iter().flat_map(|(name, value)| [name.to_owned(), value.to_owned()]).collect();
    runtime::replace_headers(response, flat)
}
