//! What FoalTS's pages on sessions say beside its page on real-time communication: errors, values, ends, and requests.

use core::time::Duration;
use std::rc::Rc;

use dormouse::controller::{Context, Controller, Response};
use dormouse::extract::HttpRequest;
use dormouse::internal::stored_keys;
use dormouse::response::{HttpResponse, RouteError};
use dormouse::session::{Missing, Session, SessionOptions, Sessions, TokenSource, forward_http_session, use_sessions};
use dormouse::testing::{TestClient, TestWorld, TestWorlds};
use dormouse::{App, Failure, Io, Storage};
use serde_json::{Value, json};

use super::{ask, awake_and_asleep, error, ok};

const MINUTE: Duration = Duration::from_mins(1);

fn app() -> App {
    let kept = Controller::new()
        .hook(use_sessions())
        .on("sign in", async |ctx: Context| session(&ctx)?.set_user_id(&ctx.payload::<String>()?))
        .on("put", async |ctx: Context| session(&ctx)?.set("key", &ctx.payload::<Value>()?))
        .on("flash", async |ctx: Context| session(&ctx)?.flash("key", &ctx.payload::<Value>()?))
        .on("get", async |ctx: Context| Ok::<_, Failure>(Response(session(&ctx)?.get::<Value>("key")?)))
        .on("remove", async |ctx: Context| session(&ctx).map(|session| session.remove("key")))
        .on("id", async |ctx: Context| Ok::<_, Failure>(Response(secrets(&session(&ctx)?))))
        .on("regenerate", async |ctx: Context| session(&ctx).map(|session| session.regenerate()))
        .on("destroy", async |ctx: Context| session(&ctx)?.destroy().await);
    let anna = async |name: String, _: Io| Ok((name == "Anna").then_some(name));
    let web = Controller::new()
        .controller("", kept)
        .on("required", async || Response(1))
        .with(use_sessions().missing(Missing::Refuse))
        .on("user", async || Response(1))
        .with(use_sessions().missing(Missing::Allow).user(anna));
    App::new()
        .with_sessions(SessionOptions::new())
        .namespace("/", |ns| ns.controller(web))
        .route("GET", "/keys", async |storage: Storage| {
            Ok::<_, Failure>(HttpResponse::json(200, &storage.keys("")?.len()))
        })
        .route("POST", "/clear", async |storage: Storage| storage.delete_all().map(|()| HttpResponse::empty(204)))
        .route("POST", "/read", read)
}

fn session(ctx: &Context) -> Result<Session, Failure> {
    ctx.session().ok_or(Failure::new("NO_SESSION", "there is no session"))
}

fn secrets(session: &Session) -> [String; 2] {
    [session.id().to_string(), session.csrf_token()]
}

async fn read(sessions: Sessions, request: Rc<HttpRequest>) -> Result<HttpResponse, RouteError> {
    match sessions.of_request(&request, TokenSource::Cookie).await? {
        Some(session) => Ok(HttpResponse::json(200, &session.get::<Value>("key").ok())),
        None => Ok(HttpResponse::empty(404)),
    }
}

fn ids(client: &TestClient) -> [String; 2] {
    let mut answer = ask(client, "id", ()).expect("an answer");
    serde_json::from_value(answer["data"].take()).expect("two texts")
}

fn rows(world: &TestWorld) -> String {
    let rows = stored_keys(world, "session:row:").len();
    // Each is in the index once, and none is among the app's.
    let indexed = ["visit", "login"].map(|index| stored_keys(world, &format!("session:{index}:")).len());
    assert_eq!((rows, world.request("GET", "/keys", "").body_text()), (indexed.iter().sum(), "0".into()));
    rows.to_string()
}

#[test]
fn session_errors() {
    awake_and_asleep(app, |world| {
        let refused = |code: &str, text: &str| {
            let (status, message) =
                if code == "invalid_request" { (400, "BAD REQUEST") } else { (401, "UNAUTHORIZED") };
            let body = json!({ "code": code, "description": text });
            Some(error(json!({ "statusCode": status, "statusMessage": message, "body": body })))
        };
        let anna = world.connect("/");
        let missing = ask(&anna, "required", ()).expect("an answer");
        assert_eq!(
            Some(missing.clone()),
            refused("invalid_request", missing["error"]["body"]["description"].as_str().unwrap())
        );

        ask(&anna, "sign in", "Anna");
        assert_eq!((ask(&anna, "required", ()), ask(&anna, "user", ())), (Some(ok(1)), Some(ok(1))));
        world.advance(16 * MINUTE);
        assert_eq!(ask(&anna, "required", ()), refused("invalid_token", "token invalid or expired"));
        ask(&anna, "put", 1);
        assert_eq!(ask(&anna, "required", ()), Some(ok(1)));

        let gone = world.connect("/");
        ask(&gone, "sign in", "Ben");
        let (before, unknown) = (rows(world), refused("invalid_token", "The token does not match any user."));
        assert_eq!(ask(&gone, "user", ()), unknown);
        assert_eq!((&*before, &*rows(world)), ("2", "1"));
    });
}

#[test]
fn session_values() {
    awake_and_asleep(app, |world| {
        let anna = world.connect("/");
        let get = || ask(&anna, "get", ()).expect("an answer")["data"].take();
        ask(&anna, "put", json!({ "a": 1 }));
        assert_eq!((get(), get()), (json!({ "a": 1 }), json!({ "a": 1 })));
        ask(&anna, "flash", 2);
        assert_eq!((get(), get()), (json!(2), json!({ "a": 1 })));
        ask(&anna, "remove", ());
        assert_eq!(get(), Value::Null);
    });
}

#[test]
fn session_ids_are_secrets_and_are_regenerated() {
    awake_and_asleep(app, |world| {
        let anna = world.connect("/");
        ask(&anna, "put", 7);
        let old = ids(&anna);
        assert_eq!((ids(&anna), old.each_ref().map(String::len)), (old.clone(), [43, 43]));
        ask(&anna, "regenerate", ());
        let new = ids(&anna);
        assert!(new.iter().all(|secret| !old.contains(secret)), "{old:?} {new:?}");
        assert_eq!((ask(&anna, "get", ()), rows(world)), (Some(ok(7)), "1".to_owned()));
    });
}

#[test]
fn a_session_ends_if_it_is_destroyed() {
    awake_and_asleep(app, |world| {
        let anna = world.connect("/");
        ask(&anna, "put", 7);
        let [old, _] = ids(&anna);
        ask(&anna, "destroy", ());
        assert_eq!((rows(world), ask(&anna, "get", ())), ("0".to_owned(), Some(ok(Value::Null))));
        assert_ne!(ids(&anna)[0], old);
    });
}

#[test]
fn a_session_ends_if_it_is_not_used_and_after_a_week() {
    awake_and_asleep(app, |world| {
        let (anna, ben) = (world.connect("/"), world.connect("/"));
        ask(&anna, "put", 7);
        ask(&ben, "put", 7);
        assert_eq!(rows(world), "2");
        // An alarm deletes the row of the one that is not used.
        for _ in 0..7 {
            world.advance(10 * MINUTE);
            assert_eq!(ask(&anna, "get", ()), Some(ok(7)));
        }
        assert_eq!(rows(world), "1");
        for _ in 7..7 * 24 * 6 - 1 {
            world.advance(10 * MINUTE);
            assert_eq!(ask(&anna, "get", ()), Some(ok(7)));
        }
        world.advance(10 * MINUTE);
        assert_eq!(ask(&anna, "get", ()).expect("an answer")["status"], "error");
        assert_eq!(rows(world), "0");
    });
}

#[test]
fn requests_have_the_session_with_a_csrf_check() {
    awake_and_asleep(app, |world| {
        let anna = world.connect("/");
        ask(&anna, "put", 7);
        let [id, csrf] = ids(&anna);
        let post = |id: &str, csrf: Option<&str>| {
            let request = HttpRequest::new("POST", "/read").with_header("cookie", format!("sessionID={id}"));
            let request = csrf.into_iter().fold(request, |request, csrf| request.with_header("x-csrf-token", csrf));
            let response = world.begin_request(request).response().expect("a response");
            (response.status, response.body_text().into_owned())
        };
        assert_eq!(post(&id, Some(&csrf)), (200, "7".to_owned()));
        let forged = (403, "CSRF token missing or incorrect.".to_owned());
        assert_eq!((post(&id, None), post(&id, Some("another"))), (forged.clone(), forged));
        assert_eq!(post("unknown", Some(&csrf)).0, 401);
        assert_eq!(world.request("POST", "/read", "").status, 404);
    });
}

#[test]
fn one_world_has_the_sessions_of_all() {
    fn shared() -> App {
        let has_user = async |ctx: Context| Ok::<_, Failure>(Response(session(&ctx)?.user_id::<String>()?));
        let forward =
            async |ctx: Context, sessions: Sessions| forward_http_session(&ctx, &sessions, TokenSource::Bearer).await;
        let web = Controller::new().hook(use_sessions()).on("who", has_user).on_connection(forward);
        App::new()
            .with_sessions(SessionOptions::new().shared_in("sessions"))
            .namespace("/", |ns| ns.controller(web))
            .worker_route("POST", "/login", log_in)
    }
    async fn log_in(sessions: Sessions) -> Result<HttpResponse, Failure> {
        let session = sessions.create().await?;
        session.set_user_id("Anna")?;
        session.commit().await?;
        Ok(HttpResponse::text(200, &*session.id()))
    }
    let worlds = TestWorlds::new(shared);
    let response = worlds.request("POST", "/login", "");
    assert_eq!(response.status, 200, "{}", response.body_text());
    for name in ["red", "blue"] {
        let world = worlds.world(name);
        let client = world.client().auth(json!({ "token": response.body_text() })).connect("/");
        world.sleep();
        assert_eq!(ask(&client, "who", ()), Some(ok("Anna")), "{name}");
    }
}
