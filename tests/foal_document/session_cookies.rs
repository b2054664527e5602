//! The cookies of sessions, in browsers that visit several worlds.

use core::time::Duration;
use std::rc::Rc;

use dormouse::controller::{Context, Controller, Response};
use dormouse::extract::HttpRequest;
use dormouse::response::{HttpResponse, RouteError};
use dormouse::session::{Session, SessionOptions, Sessions, TokenSource, forward_http_session, use_sessions};
use dormouse::testing::{TestWorld, TestWorlds};
use dormouse::{App, Failure};
use serde_json::{Value, json};

use super::{ask, ok};

fn app_with(options: SessionOptions) -> App {
    let forward =
        async |ctx: Context, sessions: Sessions| forward_http_session(&ctx, &sessions, TokenSource::Cookie).await;
    let who = async |session: Session| Ok::<_, Failure>(Response(session.user_id::<String>()?));
    App::new()
        .with_sessions(options)
        .engine(|engine| engine.keep_headers(["cookie"]))
        .route("POST", "/login", log_in)
        .route("POST", "/logout", log_out)
        .namespace("/", |ns| {
            ns.controller(Controller::new().hook(use_sessions()).on("who", who).on_connection(forward))
        })
}

async fn log_in(sessions: Sessions, request: Rc<HttpRequest>) -> Result<HttpResponse, Failure> {
    let session = sessions.create().await?;
    session.set_user_id(&format!("Anna of {}", request.world()))?;
    session.commit().await?;
    Ok(session.set_cookies(HttpResponse::text(200, session.csrf_token())))
}

async fn log_out(sessions: Sessions, request: Rc<HttpRequest>) -> Result<HttpResponse, RouteError> {
    let Some(session) = sessions.of_request(&request, TokenSource::Cookie).await? else {
        return Ok(HttpResponse::empty(404));
    };
    session.destroy().await?;
    Ok(session.set_cookies(HttpResponse::empty(204)))
}

fn own() -> App {
    app_with(SessionOptions::new())
}

fn shared() -> App {
    app_with(SessionOptions::new().shared_in("sessions"))
}

/// Returns the header `cookie` that a browser sends from then on, and the CSRF token.
fn log_in_at(world: &TestWorld) -> (String, String) {
    let response = world.request("POST", "/login", "");
    let pairs: Vec<_> = cookies(&response).iter().map(|cookie| cookie.split(';').next().unwrap().to_owned()).collect();
    (pairs.join("; "), response.body_text().into_owned())
}

fn cookies(response: &HttpResponse) -> Vec<String> {
    let set = response.headers.iter().filter(|(name, _)| name == "set-cookie");
    set.map(|(_, value)| value.clone()).collect()
}

fn who(world: &TestWorld, cookie: &str, csrf: &str) -> Value {
    let client = world.client().header("cookie", cookie).auth(json!({ "csrfToken": csrf }));
    let client = client.connect("/");
    world.sleep();
    ask(&client, "who", ()).expect("an answer")
}

#[test]
fn a_login_at_one_world_is_none_at_another() {
    let worlds = TestWorlds::new(own);
    let [red, blue, default] = ["red", "blue", "default"].map(|name| worlds.world(name));
    let [(of_red, csrf_of_red), (of_default, csrf_of_default)] = [&red, &default].map(log_in_at);
    assert!(of_red.starts_with("sessionID-red=") && of_red.contains("; XSRF-Token-red="), "{of_red}");
    assert!(of_default.starts_with("sessionID=") && of_default.contains("; XSRF-Token="), "{of_default}");
    // A browser sends them all to all worlds.
    let all = format!("{of_default}; {of_red}");
    assert_eq!(who(&red, &all, &csrf_of_red), ok("Anna of red"));
    assert_eq!(who(&default, &all, &csrf_of_default), ok("Anna of default"));
    assert_eq!(who(&blue, &all, &csrf_of_red), ok(Value::Null));
    let log_out = |cookie: &str| {
        let request = HttpRequest::new("POST", "/logout").with_header("cookie", cookie);
        let request = request.with_query("_csrf", csrf_of_red.clone());
        red.begin_request(request).response().expect("a response")
    };
    let removed = cookies(&log_out(&all));
    assert!(removed.iter().all(|cookie| cookie.contains("-red=;") && cookie.ends_with("; Max-Age=0")), "{removed:?}");
    assert_eq!(who(&default, &all, &csrf_of_default), ok("Anna of default"));
    // The cookie of a session that has ended locks nobody out.
    assert_eq!((who(&red, &all, &csrf_of_red), log_out(&all).status), (ok(Value::Null), 401));
}

#[test]
fn shared_sessions_have_the_same_cookies_in_all_worlds() {
    let worlds = TestWorlds::new(shared);
    let (cookie, csrf) = log_in_at(&worlds.world("red"));
    assert!(cookie.starts_with("sessionID="), "{cookie}");
    assert_eq!(who(&worlds.world("blue"), &cookie, &csrf), ok("Anna of red"));
}

#[test]
fn cookies_last_as_long_as_a_session_may() {
    let world = TestWorld::new(own);
    let set = cookies(&world.request("POST", "/login", ""));
    let week = format!("; Max-Age={}", 7 * 24 * 3600);
    assert!(
        set.len() == 2 && set.iter().all(|cookie| cookie.contains("; Path=/;") && cookie.ends_with(&week)),
        "{set:?}"
    );
}

#[test]
fn a_storage_that_fails_is_told_by_the_log() {
    let world = TestWorld::new(own);
    let (cookie, csrf) = log_in_at(&world);
    world.advance(Duration::from_mins(1));
    world.set_storage_full(true);
    let response = world.request("POST", "/login", "");
    assert_eq!(response.status, 500);
    assert!(world.log().iter().any(|line| line.contains("full")), "{:?}", world.log());
    // A logout needs no room.
    let request = HttpRequest::new("POST", "/logout").with_header("cookie", cookie).with_header("x-csrf-token", csrf);
    assert_eq!(world.begin_request(request).response().expect("a response").status, 204);
}
