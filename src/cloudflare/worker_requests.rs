//! Requests to the Worker's own routes.

use core::panic::AssertUnwindSafe;
use core::pin::pin;
use std::rc::Rc;

use futures::future::{Either, select};
use js_sys::Promise;
use wasm_bindgen_futures::future_to_promise;

use super::endpoint_requests::{Timer, received, request_of};
use super::request_body::BodyLimits;
use super::respond::respond;
use super::runtime;
use crate::config::Config;
use crate::edge::RequestParts;
use crate::handles::HttpResponse;
use crate::http::HeaderPair;
use crate::limits::RESPONSE_TIMEOUT;
use crate::log::Record;
use crate::object::late;
use crate::outside::{Arrived, ToCome};
use crate::routing::{App, WorkerEnd, WorkerHandlers};

/// Answers a request to the Worker; returns `None` if its path has no routes.
pub(crate) fn serve_worker_route(handlers: &WorkerHandlers, app: &App, arrived: &Arrived<'_>) -> Option<ToCome> {
    let Arrived { request, head, own, config, .. } = *arrived;
    let methods = handlers.routes.methods(head.path());
    if methods.is_empty() {
        return None;
    }
    let header = |name: &str| head.header(name).map(str::to_owned);
    let parts = RequestParts { method: head.method(), header: &header };
    if let Some(response) = parts.preflight(&methods, app.engine_routes().cors_options()) {
        return Some(known(response, own));
    }
    let route = match handlers.find(head.method(), head.path()) {
        Ok(route) => route,
        Err(refusal) => return Some(known(refusal, own)),
    };
    let outside = arrived.outside(app.links(), app.states());
    let (limits, own, config) = (BodyLimits::new(config), own.to_vec(), Rc::clone(config));
    let (request, head) = (request.clone(), head.clone());
    let is_debug = runtime::variable(arrived.env, "DEBUG").is_some_and(|value| value == "true");
    let response = async move {
        let body = match received(limits.read(&request).await) {
            Ok(body) => body,
            Err(refusal) => return respond(refusal, &own),
        };
        let mut request = request_of(&head, body);
        head.path().clone_into(&mut request.path);
        match select(pin!(route.run(outside, request, is_debug)), pin!(Timer::start(RESPONSE_TIMEOUT))).await {
            Either::Left((WorkerEnd { result, log }, _)) => {
                write_log(&log, &config);
                respond(result, &own)
            }
            Either::Right(_) => {
                let (response, line) = late(head.method(), head.path());
                write_log(core::slice::from_ref(&*line), &config);
                respond(response, &own)
            }
        }
    };
    Some(ToCome(runtime::or_lost(&future_to_promise(AssertUnwindSafe(response)))))
}

fn known(response: HttpResponse, own: &[HeaderPair]) -> ToCome {
    ToCome(match respond(response, own) {
        Ok(response) => Promise::resolve(&response),
        Err(error) => Promise::reject(&error),
    })
}

/// Writes lines to the log, as far as `LOG` has them.
pub(super) fn write_log(log: &[Record], config: &Config) {
    for record in log.iter().filter(|record| config.logs(record.level)) {
        runtime::log(record, None);
    }
}
