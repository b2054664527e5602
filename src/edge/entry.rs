//! The Worker's fetch handler.

use std::cell::OnceCell;
use std::rc::Rc;

use serde_json::json;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use super::judge::{Head, Verdict, judge};
use super::respond::respond;
use super::route::{NO_PATH, Route, route};
use super::{cors, request as received};
use crate::config::{Config, ConfigError};
use crate::error::Refusal;
use crate::handler::{App, ConnRequest, EngineRoutes, Headers, Variables};
use crate::request::{CLOSE_MARK, Layer};
use crate::runtime;

/// The name of the Durable Object binding in `wrangler.toml`.
const BINDING: &str = "WORLD";

/// What a person sees who opens the relay's address. Another server's address is its author's.
const INDEX: Option<&str> = if cfg!(feature = "relay") { Some(include_str!("index.html")) } else { None };

const NO_INDEX: &str = "This is a Socket.IO server; a world's gateway is /w/<world>/socket.io/";
const NO_ENGINE: &str = "This Worker serves Socket.IO only; nothing is on /engine.io/";

/// Answers a request to the Worker that serves `app`.
///
/// # Errors
/// The runtime's own; the client gets a 500.
pub async fn fetch(request: JsValue, env: JsValue, app: Rc<App>) -> Result<JsValue, JsValue> {
    thread_local! {
        /// The variables of a deployment do not change while its isolate lives.
        static CONFIG: OnceCell<Result<Config, ConfigError>> = const { OnceCell::new() };
    }
    let config = CONFIG.with(|cell| cell.get_or_init(|| Config::parse(|name| runtime::variable(&env, name))).clone());
    let config = match config {
        Ok(config) => config,
        Err(error) => {
            runtime::log_error(&format!("dormouse: {error}"));
            let readable = [("access-control-allow-origin", "*".to_owned())];
            return respond_message(500, &error.to_string(), &readable);
        }
    };
    let parts: &runtime::Request = request.unchecked_ref();
    let (method, url) = (parts.method(), parts.url());
    let (own, path, query) = runtime::split_url(&url);
    let query = || form_urlencoded::parse(query.as_bytes());
    let refuse = |refusal: &Refusal, headers: &[cors::Header]| {
        runtime::respond_json(refusal.status(), &refusal.to_json(), headers)
    };
    let origin = runtime::header(&request, "origin");
    let engine = app.engine_routes();
    let asked_world = query().find(|(key, _)| key == "world").map(|(_, value)| value);
    let route = route(path, asked_world.as_deref(), engine.gateway_path());
    let headers = match cors::check(origin.as_deref(), own, &config.allowed_origins, engine.cors_options()) {
        Ok(headers) => headers,
        // Nobody reads a preflight's message, and its headers would allow what is refused.
        Err((refusal, _)) if method == "OPTIONS" => return refuse(&refusal, &[]),
        Err((refusal, headers)) => {
            if let Route::Gateway { world, .. } = route
                && engine.watches_errors()
            {
                engine.report(&received::read(&request, world, runtime::now(), variables(&env)), &refusal);
            }
            return refuse(&refusal, &headers);
        }
    };
    match judge(
        &route,
        Head { method: &method, header: &|name| runtime::header(&request, name) },
        &app,
        config.admin_key.as_ref(),
    ) {
        None => {}
        Some(Verdict::Answer(response)) => return respond(response, &headers),
        Some(Verdict::World(world)) => {
            return JsFuture::from(runtime::forward(&env, BINDING, world.as_str(), &request)?).await;
        }
    }
    let (world, layer) = match route {
        Route::Gateway { world, layer } => (world, layer),
        Route::Index if INDEX.is_some() => {
            let headers = runtime::flatten(&headers, &[("content-type", "text/html; charset=UTF-8")]);
            return runtime::respond(200, INDEX, headers);
        }
        Route::Index => return respond_message(404, NO_INDEX, &headers),
        Route::App { .. } | Route::Door { .. } => return respond_message(404, NO_PATH, &headers),
        Route::NotFound(message) => return respond_message(404, message, &headers),
    };
    if layer == Layer::EngineIo && !engine.serves_engine() {
        return respond_message(404, NO_ENGINE, &headers);
    }
    if method == "OPTIONS" && !headers.is_empty() {
        let asked = runtime::header(&request, "access-control-request-headers");
        let headers =
            [headers, cors::preflight(&engine.cors_options().methods, asked.as_deref(), engine.cors_options())]
                .concat();
        return runtime::respond(204, None, runtime::flatten(&headers, &[]));
    }
    let details = received::read(&request, world, runtime::now(), variables(&env));
    if let Err(denied) = engine.admit(&details).await {
        return respond(denied.into_response(details.is_upgrade()), &headers);
    }
    let mut response = JsFuture::from(runtime::forward(&env, BINDING, details.world(), &request)?).await?;
    if details.is_upgrade() && runtime::header(&response, CLOSE_MARK).is_some() {
        response = runtime::switch_protocols(&runtime::open_and_close()?)?;
    }
    if engine.changes_headers() { change_headers(engine, &details, &response) } else { Ok(response) }
}

/// Lets the app change the headers of a session's response.
fn change_headers(engine: &EngineRoutes, request: &ConnRequest, response: &JsValue) -> Result<JsValue, JsValue> {
    let parts: &runtime::Response = response.unchecked_ref();
    // Any other is a refusal: there is no session, or no longer one.
    if !matches!(parts.status(), 101 | 200) {
        return Ok(response.clone());
    }
    let mut headers: Headers = runtime::header_pairs(response).into_iter().collect();
    engine.change_headers(&mut headers, request);
    let flat = headers.iter().flat_map(|(name, value)| [name.to_owned(), value.to_owned()]).collect();
    runtime::replace_headers(response, flat)
}

fn respond_message(status: u16, message: &str, headers: &[cors::Header]) -> Result<JsValue, JsValue> {
    runtime::respond_json(status, &json!({ "message": message }).to_string(), headers)
}

fn variables(env: &JsValue) -> Variables {
    let env = env.clone();
    Rc::new(move |name| runtime::variable(&env, name))
}
