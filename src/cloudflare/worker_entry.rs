//! The Worker's fetch handler.

use std::cell::OnceCell;
use std::rc::Rc;

use js_sys::Promise;
use wasm_bindgen::JsValue;

use super::abort_handler;
use super::respond::{respond, respond_message, respond_metrics};
use super::runtime;
use crate::config::{Config, ConfigError};
use crate::core::handshake_request::Protocol;
use crate::edge::{Destination, RequestParts, route_request};
use crate::error::Refusal;
use crate::http::{CLOSE_MARK, NO_PATH, RequestHead, Route, SUBPROTOCOL, check_protocol, default_page, origin, route};
use crate::log::{Level, Record};
use crate::object::{meters, refused};
use crate::outside::{Arrived, ToCome};
use crate::routing::{App, Jurisdiction, LocationHint, Placement, Rejection};

/// The name of the Durable Object binding in `wrangler.toml`.
const BINDING: &str = "WORLD";

const NO_ENGINE: &str = "This Worker serves Socket.IO only; nothing is on /engine.io/";

/// The next step for a request.
enum Step {
    /// The response is known.
    Answer(JsValue),
    /// The object of its world responds, or what the app has the Worker do.
    Forward(Promise),
}

/// Handles a request to the Worker that serves `app`. The app's hooks run first, if there are any for the request.
pub fn fetch(request: &JsValue, env: &JsValue, context: &JsValue, app: fn() -> App) -> Promise {
    let app = begin_event("a request to the Worker", app);
    match begin(request, env, context, &app) {
        Ok(Step::Answer(response)) => Promise::resolve(&response),
        Ok(Step::Forward(response)) => response,
        Err(error) => Promise::reject(&error),
    }
}

/// Begins an event of the Worker; returns its app.
pub(super) fn begin_event(name: &str, app: fn() -> App) -> Rc<App> {
    thread_local! {
        /// An isolate runs one Worker, and a Worker serves one app.
        static APP: OnceCell<Rc<App>> = const { OnceCell::new() };
    }
    abort_handler::watch();
    runtime::note(&JsValue::UNDEFINED, name);
    APP.with(|cell| Rc::clone(cell.get_or_init(|| Rc::new(app()))))
}

fn begin(request: &JsValue, env: &JsValue, context: &JsValue, app: &Rc<App>) -> Result<Step, JsValue> {
    let config = match config(env) {
        Ok(config) => config,
        Err(error) => {
            let readable = [("access-control-allow-origin", "*".to_owned())];
            return respond_message(500, &error.to_string(), &readable).map(Step::Answer);
        }
    };
    let head = RequestHead::new(runtime::head_of(request));
    let refuse = |refusal: &Refusal, headers: &[origin::HeaderPair]| {
        runtime::respond_json(refusal.status(), &refusal.to_json(), headers).map(Step::Answer)
    };
    let engine = app.engine_routes();
    let (method, asked_world) = (head.method(), head.asked_world());
    let route = route(head.path(), asked_world.as_deref(), engine.gateway_path());
    let origin = head.header("origin");
    let headers = match origin::check(origin, head.own_origin(), &config, engine.cors_options()) {
        Ok(headers) => headers,
        // Without the headers: a page cannot read the response to a preflight, and the headers would allow what is refused.
        Err((refusal, _)) if method == "OPTIONS" => return refuse(&refusal, &[]),
        Err((refusal, headers)) => {
            log_refusal(&config, &refusal);
            if let Route::Gateway { world, .. } = route
                && let Some(hooks) = engine.worker_hooks()
            {
                let arrived = Arrived { request, env, context, head: &head, own: &headers, config: &config };
                (hooks.report)(engine, &arrived, world, &refusal);
            }
            return refuse(&refusal, &headers);
        }
    };
    let header = |name: &str| head.header(name).map(str::to_owned);
    match route_request(&route, RequestParts { method, header: &header }, app, config.admin_key.as_ref()) {
        Some(Destination::Answer(response)) => return respond(response, &headers).map(Step::Answer),
        Some(Destination::Metrics) if cfg!(feature = "admin") => {
            return respond_metrics(&meters::joined(), &headers).map(Step::Answer);
        }
        None | Some(Destination::Metrics) => {}
        Some(Destination::World(world)) => {
            return Ok(Step::Forward(forward(
                env,
                world.as_str(),
                request,
                app.place(world.as_str(), config.placement),
            )));
        }
    }
    let (world, protocol) = match route {
        Route::Gateway { world, protocol } => (world, protocol),
        other => {
            if let Some(worker) = app.worker() {
                let arrived = Arrived { request, env, context, head: &head, own: &headers, config: &config };
                if let Some(ToCome(response)) = worker.serve(app, &arrived) {
                    return Ok(Step::Forward(response));
                }
            }
            if let Some(page) = default_page(method, head.path()) {
                return runtime::respond_json(200, page, &headers).map(Step::Answer);
            }
            let message = if let Route::NotFound(message) = other { message } else { NO_PATH };
            return respond_message(404, message, &headers).map(Step::Answer);
        }
    };
    if protocol == Protocol::EngineIo && !engine.raw_routes().is_served() {
        return respond_message(404, NO_ENGINE, &headers).map(Step::Answer);
    }
    if method == "OPTIONS" && !headers.is_empty() {
        let asked = head.header("access-control-request-headers");
        let headers =
            [headers, origin::preflight(&engine.cors_options().methods, asked, engine.cors_options())].concat();
        return runtime::respond(204, None, runtime::flatten(&headers, &[])).map(Step::Answer);
    }
    if let Some(hooks) = engine.worker_hooks() {
        let arrived = Arrived { request, env, context, head: &head, own: &headers, config: &config };
        let ToCome(response) = (hooks.ask)(Rc::<App>::clone(app), &arrived, world);
        return Ok(Step::Forward(response));
    }
    let subprotocols = head.header(SUBPROTOCOL);
    match check_protocol(
        method,
        head.is_upgrade(),
        head.query(),
        subprotocols,
        head.handshake_bytes(engine.kept_headers()),
        config.transports,
    ) {
        Ok(_) => Ok(Step::Forward(forward(env, world.as_str(), request, app.place(world.as_str(), config.placement)))),
        Err(refusal) => {
            log_refusal(&config, &refusal);
            respond(Rejection::Refused(refusal).into_response(head.is_upgrade()), &headers).map(Step::Answer)
        }
    }
}

/// Logs that a connection is refused, if `LOG` is debug.
#[inline(never)]
pub(super) fn log_refusal(config: &Config, refusal: &Refusal) {
    if config.logs(Level::Debug) {
        log(config, &refused(refusal));
    }
}

#[inline(never)]
pub(super) fn log(config: &Config, line: &Record) {
    if config.logs(line.level) {
        runtime::log(line, None);
    }
}

/// Returns the configuration. It is parsed once, because the variables of a deployment do not change while its isolate lives; so what is
/// wrong with them is logged once, however many requests fail.
pub(super) fn config(env: &JsValue) -> Result<Rc<Config>, ConfigError> {
    thread_local! {
        static CONFIG: OnceCell<Result<Rc<Config>, ConfigError>> = const { OnceCell::new() };
    }
    let parse = || {
        let config = Config::parse(|name| runtime::variable(env, name)).inspect_err(|error| {
            runtime::log(&Record::error(format_args!("{error}")).code("CONFIG"), None);
        })?;
        runtime::set_log_level(config.log);
        Ok(Rc::new(config))
    };
    CONFIG.with(|cell| cell.get_or_init(parse).clone())
}

pub(super) fn forward(env: &JsValue, world: &str, request: &JsValue, placement: Placement) -> Promise {
    let Placement { jurisdiction, location_hint, .. } = placement;
    let (jurisdiction, hint) = (jurisdiction.map(Jurisdiction::as_str), location_hint.map(LocationHint::as_str));
    runtime::forward(env, BINDING, world, jurisdiction, hint, request, CLOSE_MARK, SUBPROTOCOL)
}
