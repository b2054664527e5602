//! *Using HTTP Hooks*, *Using Sessions*, and *Forwarding HTTP sessions*.

use dormouse::controller::{Context, Controller, Response, http_hook};
use dormouse::extract::{ConnRequest, Json};
use dormouse::response::HttpResponse;
use dormouse::session::{
    Missing, SessionOptions, Sessions, TokenSource, forward_http_session, use_sessions, user_required,
};
use dormouse::testing::{ClientBuilder, TestWorld};
use dormouse::{App, Failure, Io};
use serde_json::{Value, json};

use super::{ask, awake_and_asleep, error, ok};

#[test]
fn http_hooks() {
    async fn admin_required(request: ConnRequest) -> Result<(), HttpResponse> {
        match request.cookie("user").as_deref() {
            Some("anna") => Ok(()),
            Some("cleo") => Err(HttpResponse::text(200, "welcome")),
            _ => Err(HttpResponse::text(401, "something")),
        }
    }
    fn app() -> App {
        let web = Controller::new().on("create", async || Response("created")).with(http_hook(admin_required));
        App::new().engine(|engine| engine.keep_headers(["cookie"])).namespace("/", |ns| ns.controller(web))
    }
    awake_and_asleep(app, |world| {
        let ask_as = |cookie: &str| ask(&world.client().header("cookie", cookie).connect("/"), "create", ());
        assert_eq!(ask_as("user=anna"), Some(ok("created")));
        let refused = json!({ "statusCode": 401, "statusMessage": "UNAUTHORIZED", "body": "something" });
        assert_eq!(ask_as("user=ben"), Some(error(refused)));
        // A response of another kind is a mistake of the app.
        assert_eq!(ask_as("user=cleo").expect("an answer")["error"]["code"], "INTERNAL_SERVER_ERROR");
    });
}

async fn find_user(name: String, _: Io) -> Result<Option<String>, Failure> {
    Ok((name == "Anna").then_some(name))
}

async fn read_products(ctx: Context) -> Response<Vec<String>> {
    Response(ctx.user::<String>().into_iter().map(|name| format!("a product of {name}")).collect())
}

async fn sign_in(ctx: Context) -> Result<Response<String>, Failure> {
    let session = ctx.session().ok_or(Failure::new("NO_SESSION", "there is no session"))?;
    session.set_user_id(&ctx.payload::<String>()?)?;
    Ok(Response(session.csrf_token()))
}

fn products() -> Controller {
    let products = Controller::new().hook(use_sessions().user(find_user)).hook(user_required);
    let signing_in = Controller::new().on("sign in", sign_in).with(use_sessions());
    Controller::new().controller("", products.on("read products", read_products)).controller("", signing_in)
}

#[test]
fn sessions() {
    fn app() -> App {
        App::new().with_sessions(SessionOptions::new()).namespace("/", |ns| ns.controller(products()))
    }
    awake_and_asleep(app, |world| {
        let anna = world.connect("/");
        let unauthorized = json!({ "statusCode": 401, "statusMessage": "UNAUTHORIZED" });
        assert_eq!(ask(&anna, "read products", ()), Some(error(unauthorized)));
        assert_eq!(ask(&anna, "sign in", "Anna").expect("an answer")["status"], "ok");
        // The token is the socket's own: no message has it.
        assert_eq!(ask(&anna, "read products", ()), Some(ok(json!(["a product of Anna"]))));
        let ben = world.connect("/");
        assert_eq!(ask(&ben, "read products", ()).expect("an answer")["status"], "error");
    });
}

#[test]
fn sessions_that_are_not_created() {
    async fn has_session(ctx: Context) -> Response<bool> {
        Response(ctx.session().is_some())
    }
    fn app() -> App {
        let web = Controller::new()
            .on("created", has_session)
            .with(use_sessions())
            .on("found", has_session)
            .with(use_sessions().missing(Missing::Allow));
        App::new().with_sessions(SessionOptions::new()).namespace("/", |ns| ns.controller(web))
    }
    awake_and_asleep(app, |world| {
        let anna = world.connect("/");
        let found = ["found", "created", "found"].map(|event| ask(&anna, event, ()));
        assert_eq!(found, [Some(ok(false)), Some(ok(true)), Some(ok(true))]);
    });
}

async fn log_in(sessions: Sessions, Json(name): Json<String>) -> Result<HttpResponse, Failure> {
    let session = sessions.create().await?;
    session.set_user_id(&name)?;
    session.commit().await?;
    Ok(session.set_cookies(HttpResponse::json(200, &session.id())))
}

fn forwarding(source: TokenSource) -> App {
    let forward =
        move |ctx: Context, sessions: Sessions| async move { forward_http_session(&ctx, &sessions, source).await };
    App::new()
        .with_sessions(SessionOptions::new())
        .engine(|engine| engine.keep_headers(["cookie", "authorization"]))
        .route("POST", "/login", log_in)
        .namespace("/", |ns| ns.controller(products().on_connection(forward)))
}

/// Logs in by HTTP, and returns the values of the cookies: the session's id, and the CSRF token.
fn cookies(world: &TestWorld) -> [String; 2] {
    let response = world.request("POST", "/login", r#""Anna""#);
    ["sessionID=", "XSRF-Token="].map(|name| {
        let mut values = response.headers.iter().filter_map(|(_, value)| value.strip_prefix(name));
        values.next().and_then(|value| value.split(';').next()).expect("the cookie").to_owned()
    })
}

/// Returns what a client reads that connects so, or the code of its refusal.
fn read_by(client: ClientBuilder) -> Value {
    match client.try_connect("/") {
        Ok(client) => ask(&client, "read products", ()).expect("an answer")["data"].take(),
        Err(refused) => refused.data.expect("data")["statusCode"].take(),
    }
}

#[test]
fn forwarding_a_session_by_its_cookie() {
    awake_and_asleep(
        || forwarding(TokenSource::Cookie),
        |world| {
            let [id, csrf] = cookies(world);
            let client = |id: &str| world.client().header("cookie", &format!("a=1; sessionID={id}"));
            let token = |csrf: &str| json!({ "csrfToken": csrf });
            assert_eq!(read_by(client(&id).auth(token(&csrf))), json!(["a product of Anna"]));
            // The handshake is a GET, and a page of another site can open it with the user's cookies.
            assert_eq!(read_by(client(&id)), 403);
            assert_eq!(read_by(client(&id).auth(token("another"))), 403);
            // A browser sends the cookie of a session that has ended by itself: it is none.
            assert_eq!(read_by(client("unknown").auth(token(&csrf))), Value::Null);
            // Without a session, the client connects, and has no user.
            assert_eq!(read_by(world.client()), Value::Null);
        },
    );
}

#[test]
fn forwarding_a_session_by_a_bearer_token() {
    awake_and_asleep(
        || forwarding(TokenSource::Bearer),
        |world| {
            let [id, _] = cookies(world);
            let client = |header: &str| world.client().header("authorization", header);
            assert_eq!(read_by(client(&format!("Bearer {id}"))), json!(["a product of Anna"]));
            assert_eq!(read_by(client("Bearer unknown")), 401);
            assert_eq!(read_by(client("Basic YTpi")), 400);
            // A page cannot send headers with a WebSocket.
            assert_eq!(read_by(world.client().auth(json!({ "token": id }))), json!(["a product of Anna"]));
        },
    );
}
