//! Failures, and who answers for them.

use dormouse::controller::{Context, Controller, ErrorResponse, Flow, Reply, Response, render_error};
use dormouse::testing::TestWorld;
use dormouse::{App, Failure, Socket, Storage};
use serde_json::{Value, json};

use super::dialogue::*;

async fn fail() -> Result<(), Failure> {
    Err(PermissionDenied)?
}

#[test]
fn whatever_fails_is_an_internal_error_and_logged_once() {
    fn app() -> App {
        let hooked = Controller::new().hook(fail).on("hook", async || {});
        let after =
            Controller::new().hook(async || Flow::after(async |_| fail().await)).on("after", async || Reply::ok());
        let web = Controller::new().on("handler", fail).controller("", hooked).controller("", after);
        App::new().namespace("/", |ns| ns.controller(web))
    }
    awake_and_asleep(app, |world| {
        let anna = world.connect("/");
        for event in ["handler", "hook", "after"] {
            let mut answer = answer(&anna, event, 1).expect("an answer");
            let error = answer["error"].as_object_mut().unwrap();
            error.remove("reference").expect("a reference that stands in the log");
            assert_eq!(answer, json!({ "status": "error", "error": internal() }), "{event}");
        }
        let failed: Vec<Value> = world.log_lines().iter().map(|line| serde_json::from_str(line).unwrap()).collect();
        let failed: Vec<&Value> =
            failed.iter().filter(|line| line["message"].as_str().unwrap().contains("users is locked")).collect();
        assert_eq!(failed.len(), 3, "{failed:?}");
        for line in failed {
            assert_eq!(line["socket"], anna.id().as_str());
            let text = line["message"].as_str().unwrap();
            assert!(text.starts_with("the message ") && text.contains("answered with the status error"), "{text}");
        }
    });
}

#[test]
fn details_are_sent_if_debug_is_on_and_nothing_is_logged_if_log_errors_is_off() {
    fn app() -> App {
        App::new().namespace("/", |ns| ns.controller(Controller::new().on("say", fail)))
    }
    let world = TestWorld::new(app).with_variable("DEBUG", "true").with_variable("LOG_ERRORS", "false");
    let anna = world.connect("/");
    let answer = answer(&anna, "say", 1).expect("an answer");
    assert_eq!(answer["error"]["details"], "the table users is locked");
    assert!(!world.log().iter().any(|line| line.contains("locked")), "{:?}", world.log());
}

#[test]
fn the_outermost_handler_of_errors_answers() {
    fn app() -> App {
        let inner = Controller::new().on("say", fail).handle_error(async || ErrorResponse("inner"));
        let only = Controller::new().on("only", fail).handle_error(async || ErrorResponse("only"));
        let outer = Controller::new()
            .controller("", inner)
            .on("other", async || Err::<(), _>(Failure::new("OTHER", "another error")))
            .on("hooked", async || {})
            .with(fail)
            .handle_error(permission_denied);
        App::new().namespace("/", |ns| ns.controller(outer).controller(Controller::new().controller("", only)))
    }
    async fn permission_denied(failure: Failure, ctx: Context) -> Reply {
        match failure.downcast_ref::<PermissionDenied>() {
            Some(PermissionDenied) => Reply::error(&"Permission is denied").unwrap_or_default(),
            None => render_error(&failure, &ctx),
        }
    }
    awake_and_asleep(app, |world| {
        let anna = world.connect("/");
        let denied = json!({ "status": "error", "error": "Permission is denied" });
        assert_eq!(answer(&anna, "say", 1), Some(denied.clone()));
        assert_eq!(answer(&anna, "hooked", 1), Some(denied));
        let other = json!({ "code": "OTHER", "message": "another error" });
        assert_eq!(answer(&anna, "other", 1), Some(json!({ "status": "error", "error": other })));
        assert_eq!(answer(&anna, "only", 1), Some(json!({ "status": "error", "error": "only" })));
    });
}

#[test]
fn a_handler_of_errors_that_fails_is_answered_by_its_own_error() {
    fn app() -> App {
        let twice = async || Err::<(), _>(Failure::new("TWICE", "failed again"));
        let web = Controller::new().on("say", fail).handle_error(twice);
        App::new().namespace("/", |ns| ns.controller(web))
    }
    awake_and_asleep(app, |world| {
        let error = json!({ "code": "TWICE", "message": "failed again" });
        assert_eq!(answer(&world.connect("/"), "say", 1), Some(json!({ "status": "error", "error": error })));
    });
}

#[test]
fn an_error_of_on_connection_is_a_connect_error() {
    fn app() -> App {
        let refuse = async |ctx: Context, socket: Socket| {
            assert_eq!((ctx.event_name(), ctx.payload::<Option<u32>>().ok()), ("", Some(None)));
            match socket.handshake().and_then(|request| request.query_param("let")) {
                Some(_) => Ok(()),
                None => Err(Failure::new("NO", "not you")),
            }
        };
        let sub = Controller::new().on_connection(async || step("inner"));
        let web = Controller::new().controller("", sub).on_connection(refuse);
        App::new().namespace("/", |ns| ns.controller(web))
    }
    awake_and_asleep(app, |world| {
        let refused = world.try_connect("/", json!({})).expect_err("refused");
        assert_eq!((&*refused.message, refused.data), ("not you", Some(json!({ "code": "NO" }))));
        assert_eq!(steps(), [""; 0]);
        world.client().query("let", "1").connect("/");
        assert_eq!(steps(), ["inner"]);
    });
}

#[test]
fn what_a_failed_handler_wrote_is_undone() {
    fn app() -> App {
        let write = async |storage: Storage| {
            storage.put("a", &1)?;
            Err::<(), _>(Failure::new("NO", "no"))
        };
        let read = async |storage: Storage| Ok::<_, Failure>(Response(storage.get::<u32>("a")?));
        App::new().namespace("/", |ns| ns.controller(Controller::new().on("write", write).on("read", read)))
    }
    awake_and_asleep(app, |world| {
        let anna = world.connect("/");
        assert!(answer(&anna, "write", 1).is_some());
        assert_eq!(answer(&anna, "read", 1), Some(json!({ "status": "ok", "data": null })));
    });
}
