//! Hooks, and guards of requests as hooks.

use dormouse::controller::{Context, Controller, ErrorResponse, Flow, Hook, Payload, Reply, Response, http_hook};
use dormouse::extract::ConnRequest;
use dormouse::response::HttpResponse;
use dormouse::testing::{Call, TestClient, TestWorld};
use dormouse::{App, Failure, Socket};
use futures::FutureExt as _;
use serde_json::json;

use super::dialogue::*;

fn noted(name: &'static str) -> Hook {
    Hook::new(move || async move {
        step(name);
        Flow::after(async move |_| step(format!("after {name}")))
    })
}

#[test]
fn outer_hooks_come_first_and_post_functions_in_reverse() {
    fn app() -> App {
        let sub = Controller::new()
            .on("say", async || {
                step("handler");
                Response(1)
            })
            .with(noted("event"))
            .hook(noted("inner"));
        let web = Controller::new().hook(noted("outer 1")).hook(noted("outer 2")).controller("", sub);
        App::new().namespace("/", |ns| ns.controller(web))
    }
    awake_and_asleep(app, |world| {
        let anna = world.connect("/");
        assert_eq!(answer(&anna, "say", 1), Some(json!({ "status": "ok", "data": 1 })));
        let order = [
            "outer 1",
            "outer 2",
            "inner",
            "event",
            "handler",
            "after event",
            "after inner",
            "after outer 2",
            "after outer 1",
        ];
        assert_eq!(steps(), order);
    });
}

#[test]
fn each_hook_is_awaited_before_the_next() {
    fn app() -> App {
        let slow = async |socket: Socket| {
            let name: String = socket.emit_with_ack("who?", ()).await?;
            step(name);
            Ok::<_, Failure>(())
        };
        let web = Controller::new().hook(slow).hook(noted("second")).on("say", async || step("handler"));
        App::new().namespace("/", |ns| ns.controller(web))
    }
    let world = TestWorld::new(app);
    let anna = world.connect("/");
    anna.emit("say", ());
    assert_eq!(steps(), [""; 0]);
    anna.ack(&anna.next_event().unwrap(), "Anna");
    assert_eq!(steps(), ["Anna", "second", "handler", "after second"]);
}

#[test]
fn a_hook_that_responds_ends_the_chain() {
    fn app() -> App {
        let refuse = async |ctx: Context| match ctx.payload::<String>() {
            Ok(_) => Ok(()),
            Err(_) => Err(ErrorResponse("Invalid name type")),
        };
        let cached = async || Flow::Respond(Reply::ok());
        let sub = Controller::new().on("create", async || step("create")).with(refuse).with(noted("last"));
        let cached = Controller::new().hook(noted("first")).on("read", async || step("read")).with(cached);
        App::new().namespace("/", |ns| ns.controller(sub).controller(cached))
    }
    awake_and_asleep(app, |world| {
        let anna = world.connect("/");
        let refused = json!({ "status": "error", "error": "Invalid name type" });
        assert_eq!(answer(&anna, "create", 7), Some(refused));
        assert_eq!(steps(), [""; 0]);
        assert_eq!(answer(&anna, "create", "tea"), None);
        assert_eq!(steps(), ["last", "create", "after last"]);
        assert_eq!(answer(&anna, "read", ()), Some(json!({ "status": "ok" })));
        // The post functions of the hooks that ran are called with the response.
        assert_eq!(steps(), ["first", "after first"]);
    });
}

#[test]
fn a_hook_that_fails_ends_the_chain() {
    fn app() -> App {
        let fail = async || Err::<(), _>(Failure::new("NOT_YET", "Not yet"));
        let web = Controller::new().hook(noted("first")).hook(fail).on("say", async || step("handler"));
        App::new().namespace("/", |ns| ns.controller(web))
    }
    awake_and_asleep(app, |world| {
        let anna = world.connect("/");
        let error = json!({ "code": "NOT_YET", "message": "Not yet" });
        assert_eq!(answer(&anna, "say", 1), Some(json!({ "status": "error", "error": error })));
        assert_eq!(steps(), ["first", "after first"]);
    });
}

#[test]
fn post_functions_get_the_response_and_may_replace_it() {
    fn app() -> App {
        let double = async || Flow::after(async |reply: Reply| Ok::<_, Failure>(Response(reply.parse::<u32>()? * 2)));
        let add = async || Flow::after(async |reply: Reply| Ok::<_, Failure>(Response(reply.parse::<u32>()? + 1)));
        let web = Controller::new()
            .hook(double)
            .hook(add)
            .on("number", async |Payload(number): Payload<u32>| Response(number))
            .on("nothing", async || {});
        App::new().namespace("/", |ns| ns.controller(web))
    }
    awake_and_asleep(app, |world| {
        let anna = world.connect("/");
        assert_eq!(answer(&anna, "number", 3), Some(json!({ "status": "ok", "data": 8 })));
    });
}

#[test]
fn a_post_function_that_fails_replaces_the_response_for_the_next() {
    fn app() -> App {
        let look = async || Flow::after(async |reply: Reply| step(format!("{} {}", reply.is_error(), reply.is_ok())));
        let fail = async || Flow::after(async |_| Err::<(), _>(Failure::new("LATE", "too late")));
        let web = Controller::new().hook(look).hook(fail).hook(look).on("say", async || Response(1));
        App::new().namespace("/", |ns| ns.controller(web))
    }
    awake_and_asleep(app, |world| {
        let anna = world.connect("/");
        let error = json!({ "code": "LATE", "message": "too late" });
        assert_eq!(answer(&anna, "say", 1), Some(json!({ "status": "error", "error": error })));
        assert_eq!(steps(), ["false true", "true false"]);
    });
}

#[test]
fn merged_hooks_are_as_if_they_were_added_one_by_one() {
    fn app() -> App {
        let three = Hook::merge([noted("a"), Hook::merge([noted("b"), noted("c")])]);
        let web = Controller::new().hook(three).on("say", async || step("handler"));
        App::new().namespace("/", |ns| ns.controller(web))
    }
    awake_and_asleep(app, |world| {
        let anna = world.connect("/");
        anna.emit("say", ());
        assert_eq!(steps(), ["a", "b", "c", "handler", "after c", "after b", "after a"]);
    });
}

#[test]
fn the_functions_behind_a_hook_can_be_called() {
    let both = Hook::merge([noted("a"), Hook::new(async || ErrorResponse("no"))]);
    let call = Call::new("say", 1);
    let flows: Vec<Flow> = both
        .functions()
        .iter()
        .map(|function| function.call(call.context()).now_or_never().unwrap().unwrap())
        .collect();
    assert!(matches!(&flows[..], [Flow::After(_), Flow::Respond(reply)] if reply.is_error()), "{flows:?}");
    assert_eq!(call.through(both), Some(json!({ "status": "error", "error": "no" })));
}

#[test]
#[should_panic(expected = "call `on` first")]
fn a_hook_of_an_event_needs_an_event() {
    let _ = Controller::new().with(noted("a"));
}

#[test]
fn a_post_function_returns_whatever_a_handler_may_return() {
    fn app() -> App {
        type Answer = Result<Option<Response<u32>>, ErrorResponse<&'static str>>;
        let on = |event: &str, hook: Hook| Controller::new().on(event, async || Response(1)).with(hook);
        let web = Controller::new()
            .controller("", on("none", Hook::new(async || Flow::after(async |_| None::<Response<u32>>))))
            .controller("", on("some", Hook::new(async || Flow::after(async |_| Some(Response(2))))))
            .controller("", on("ok none", Hook::new(async || Flow::after(async |_| Answer::Ok(None)))))
            .controller("", on("ok", Hook::new(async || Flow::after(async |_| Answer::Ok(Some(Response(3)))))))
            .controller("", on("error", Hook::new(async || Flow::after(async |_| Answer::Err(ErrorResponse("no"))))));
        App::new().namespace("/", |ns| ns.controller(web))
    }
    awake_and_asleep(app, |world| {
        let anna = world.connect("/");
        for (event, data) in [("none", 1), ("some", 2), ("ok none", 1), ("ok", 3)] {
            assert_eq!(answer(&anna, event, 1), Some(json!({ "status": "ok", "data": data })), "{event}");
        }
        assert_eq!(answer(&anna, "error", 1), Some(json!({ "status": "error", "error": "no" })));
        assert!(world.log().is_empty(), "{:?}", world.log());
    });
}

#[test]
fn a_guard_of_requests_is_a_hook() {
    fn app() -> App {
        let admins = async |request: ConnRequest| {
            step(format!("{} {} {:?}", request.method(), request.url(), request.header("x-key")));
            match request.cookie("user").as_deref() {
                Some("anna") => Ok(()),
                Some("ben") => Err(HttpResponse::json(401, &json!({ "reason": "no admin" }))),
                Some("cleo") => Err(HttpResponse::empty(302)),
                Some(_) => Err(HttpResponse::text(503, "later")),
                None => Err(HttpResponse::empty(403)),
            }
        };
        let web = Controller::new().hook(http_hook(admins)).on("create", async || Reply::ok());
        App::new().engine(|engine| engine.keep_headers(["x-key", "cookie"])).namespace("/", |ns| ns.controller(web))
    }
    awake_and_asleep(app, |world| {
        let of = |cookie: &str| world.client().header("cookie", cookie).header("x-key", "7").connect("/");
        assert_eq!(answer(&of("a=1; user=anna"), "create", 1), Some(json!({ "status": "ok" })));
        let seen = steps();
        assert!(seen[0].starts_with("GET /socket.io/?") && seen[0].ends_with(r#"Some("7")"#), "{seen:?}");
        let error = |cookie: &str| answer(&of(cookie), "create", 1).map(|mut answer| answer["error"].take());
        let refused = json!({ "statusCode": 401, "statusMessage": "UNAUTHORIZED", "body": { "reason": "no admin" } });
        assert_eq!(error("user=ben"), Some(refused));
        assert_eq!(error("x=1"), Some(json!({ "statusCode": 403, "statusMessage": "FORBIDDEN" })));
        let later = json!({ "statusCode": 503, "statusMessage": "SERVICE UNAVAILABLE", "body": "later" });
        assert_eq!(error("user=%7A"), Some(later));
        assert_eq!(error("user=cleo").map(|error| error["code"].clone()), Some("INTERNAL_SERVER_ERROR".into()));
    });
}

#[test]
fn a_guard_of_requests_knows_the_world_and_how_the_connection_was_opened() {
    fn app() -> App {
        let tell = async |request: ConnRequest| {
            let (world, method) = (request.world().to_owned(), request.method().to_owned());
            Err::<(), _>(HttpResponse::json(403, &json!([world, method, request.is_upgrade(), request.transport()])))
        };
        App::new().namespace("/", |ns| ns.controller(Controller::new().hook(http_hook(tell)).on("a", async || {})))
    }
    for sleepy in [false, true] {
        let world = TestWorld::new(app).with_name("table-7");
        world.sleep_after_every_event(sleepy);
        let told = |client: &TestClient| answer(client, "a", 1).map(|mut answer| answer["error"]["body"].take());
        assert_eq!(told(&world.connect("/")), Some(json!(["table-7", "GET", true, "websocket"])));
        let polls = world.client().polling().connect("/");
        assert_eq!(told(&polls), Some(json!(["table-7", "GET", false, "polling"])));
    }
}

#[test]
fn what_a_guard_of_requests_inserts_is_state_of_the_message() {
    fn app() -> App {
        let guard = async |request: ConnRequest| {
            let seen = request.get::<u8>().map(|seen| *seen);
            request.insert(("guarded", seen));
            Ok::<(), HttpResponse>(())
        };
        let web = Controller::new()
            .hook(async |ctx: Context| {
                assert_eq!(ctx.state::<(&str, Option<u8>)>(), None, "it is gone after the message");
                ctx.set_state(7_u8);
            })
            .hook(http_hook(guard))
            .on("a", async |ctx: Context| Response(ctx.state::<(&str, Option<u8>)>().map(|state| *state)));
        App::new().namespace("/", |ns| ns.controller(web))
    }
    awake_and_asleep(app, |world| {
        let anna = world.connect("/");
        for _ in 0..2 {
            assert_eq!(answer(&anna, "a", 1), Some(json!({ "status": "ok", "data": ["guarded", 7] })));
        }
    });
}
