//! *Architecture*, from *Controllers and hooks* to the *Summary table*.

use dormouse::controller::{Context, Controller, ErrorResponse, Flow, Hook, Payload, Response};
use dormouse::session::{SessionOptions, use_sessions};
use dormouse::testing::Call;
use dormouse::{App, Failure, Storage};
use futures::FutureExt as _;
use serde_json::{Value, json};

use super::{ask, awake_and_asleep, error, ok};

async fn name_is_text(ctx: Context) -> Result<(), ErrorResponse<&'static str>> {
    match ctx.payload::<Value>() {
        Ok(payload) if payload["name"].is_string() => Ok(()),
        _ => Err(ErrorResponse("Invalid name type")),
    }
}

#[test]
fn controllers_and_sub_controllers() {
    fn user_controller() -> Controller {
        Controller::new().on("create", async || Response("created")).on("delete", async || Response("deleted"))
    }
    fn app() -> App {
        App::new().namespace("/", |ns| ns.controller(Controller::new().controller("users ", user_controller())))
    }
    awake_and_asleep(app, |world| {
        let anna = world.connect("/");
        assert_eq!(ask(&anna, "users create", ()), Some(ok("created")));
        assert_eq!(ask(&anna, "users delete", ()), Some(ok("deleted")));
        assert_eq!((ask(&anna, "userscreate", ()), ask(&anna, "create", ())), (None, None));
    });
}

#[test]
fn contexts() {
    struct Locale(&'static str);

    async fn fill(ctx: Context) -> Result<(), Failure> {
        ctx.set_state(Locale("de"));
        ctx.set_user("Anna".to_owned());
        Ok(())
    }
    async fn look(ctx: Context) -> Result<Response<Value>, Failure> {
        let session = ctx.session().map(|session| session.id().len());
        let (state, user) = (ctx.state::<Locale>().map(|locale| locale.0), ctx.user::<String>());
        let payload: Value = ctx.payload()?;
        Ok(Response(json!([ctx.event_name(), payload, ctx.socket().id(), state, user.as_deref(), session])))
    }
    fn app() -> App {
        let web = Controller::new().hook(use_sessions()).hook(fill).on("look", look);
        App::new().with_sessions(SessionOptions::new()).namespace("/", |ns| ns.controller(web))
    }
    awake_and_asleep(app, |world| {
        let anna = world.connect("/");
        let seen = json!(["look", { "name": "tea" }, anna.id(), "de", "Anna", 43]);
        assert_eq!(ask(&anna, "look", json!({ "name": "tea" })), Some(ok(seen)));
    });
}

#[test]
fn responses() {
    fn app() -> App {
        let web = Controller::new()
            .on("data", async || Response(json!({ "id": 1 })))
            .on("error", async || ErrorResponse("no such product"))
            .on("nothing", async || {});
        App::new().namespace("/", |ns| ns.controller(web))
    }
    awake_and_asleep(app, |world| {
        let anna = world.connect("/");
        assert_eq!(ask(&anna, "data", ()), Some(ok(json!({ "id": 1 }))));
        assert_eq!(ask(&anna, "error", ()), Some(error("no such product")));
        assert_eq!(ask(&anna, "nothing", ()), None);
    });
}

#[test]
fn hooks() {
    fn app() -> App {
        let web = Controller::new().on("create", async || Response("created")).with(name_is_text);
        App::new().namespace("/", |ns| ns.controller(web))
    }
    awake_and_asleep(app, |world| {
        let anna = world.connect("/");
        assert_eq!(ask(&anna, "create", json!({ "name": 7 })), Some(error("Invalid name type")));
        assert_eq!(ask(&anna, "create", json!({ "name": "tea" })), Some(ok("created")));
    });
}

#[test]
fn hooks_have_services() {
    // What is the argument `services` there is an extractor here.
    async fn is_open(storage: Storage) -> Result<(), Failure> {
        if storage.get("open")?.unwrap_or(false) { Ok(()) } else { Err(Failure::new("CLOSED", "The shop is closed")) }
    }
    async fn open(storage: Storage) -> Result<(), Failure> {
        storage.put("open", &true)
    }
    fn app() -> App {
        let web = Controller::new().on("open", open).on("buy", async || Response("bought")).with(is_open);
        App::new().namespace("/", |ns| ns.controller(web))
    }
    awake_and_asleep(app, |world| {
        let anna = world.connect("/");
        let closed = json!({ "code": "CLOSED", "message": "The shop is closed" });
        assert_eq!(ask(&anna, "buy", ()), Some(error(closed)));
        anna.emit("open", ());
        assert_eq!(ask(&anna, "buy", ()), Some(ok("bought")));
    });
}

#[test]
fn merged_hooks_and_the_functions_behind_them() {
    let merged = Hook::merge([Hook::new(async || {}), Hook::new(name_is_text)]);
    let call = Call::new("create", json!({ "name": 7 }));
    let flows: Vec<Flow> = merged
        .functions()
        .iter()
        .map(|function| function.call(call.context()).now_or_never().expect("it does not wait").unwrap())
        .collect();
    assert!(matches!(&flows[..], [Flow::Next, Flow::Respond(reply)] if reply.is_error()), "{flows:?}");

    let users = Controller::new().hook(merged).on("create", async |Payload(user): Payload<Value>| Response(user));
    assert_eq!(call.answer(&users), Some(error("Invalid name type")));
    let user = json!({ "name": "Anna" });
    assert_eq!(Call::new("create", &user).answer(&users), Some(ok(user)));
}
