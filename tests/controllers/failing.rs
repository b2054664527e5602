//! Failures, and who answers for them.

use dormouse::controller::{Context, Controller, ErrorResponse, Flow, Hook, Reply, Response, render_error};
use dormouse::testing::TestWorld;
use dormouse::{App, Failure, Io, Socket, Storage};
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

fn no() -> Result<(), Failure> {
    Err(Failure::new("NO", "no"))
}

/// The handler of errors and the post functions write what is kept, unless they fail themselves.
#[test]
fn what_is_written_after_a_failure_stays() {
    fn app() -> App {
        let write = async |storage: Storage| {
            storage.put("handler", &1)?;
            no()
        };
        let post = |name: &'static str, fails: bool| {
            Hook::new(move |storage: Storage| async move {
                storage.put(&format!("before {name}"), &1)?;
                Ok::<_, Failure>(Flow::after(async move |_| {
                    storage.put(name, &1)?;
                    if fails { no() } else { Ok(()) }
                }))
            })
        };
        let hooked = |prefix: &str, web: Controller| {
            let web = web.hook(post("first", false)).hook(post("second", true)).hook(post("third", false));
            Controller::new().controller(prefix, web)
        };
        let kept = Controller::new().on("kept", write).handle_error(async |storage: Storage| {
            storage.put("error", &1)?;
            Ok::<_, Failure>(Response(7))
        });
        let undone = Controller::new().on("undone", write).handle_error(async |storage: Storage| {
            storage.put("error", &1)?;
            no()
        });
        let post_alone = Controller::new().on("post", async |storage: Storage| storage.put("handler", &1));
        let keys = Controller::new().on("keys", async |storage: Storage| {
            let keys = storage.keys("")?;
            keys.iter().try_for_each(|key| storage.delete(key))?;
            Ok::<_, Failure>(Response(keys))
        });
        App::new().namespace("/", |ns| {
            ns.controller(hooked("", kept))
                .controller(hooked("", undone))
                .controller(hooked("", post_alone))
                .controller(keys)
        })
    }
    awake_and_asleep(app, |world| {
        let anna = world.connect("/");
        for (event, kept) in
            [("kept", &["error", "first", "third"][..]), ("undone", &["first", "third"]), ("post", &["first"])]
        {
            assert!(answer(&anna, event, 1).is_some());
            assert_eq!(answer(&anna, "keys", 1), Some(json!({ "status": "ok", "data": kept })), "{event}");
        }
    });
}

#[test]
fn every_failure_of_a_message_is_logged_once_and_heard_by_on_error() {
    fn app() -> App {
        let fails = |code: &'static str| move || async move { Err::<(), _>(Failure::new(code, "no")) };
        let post = |code: &'static str| {
            Hook::new(move || async move { Flow::after(async move |_| Err::<(), _>(Failure::new(code, "no"))) })
        };
        let web = Controller::new().hook(post("LAST")).hook(post("POST")).on("say", fails("HANDLER"));
        let twice = Controller::new().on("twice", fails("ONCE")).handle_error(fails("TWICE"));
        App::new().namespace("/", |ns| {
            ns.controller(web).controller(twice).on_error(async |io: Io, failure: Failure| {
                io.log(format!("heard {}", failure.code()));
            })
        })
    }
    awake_and_asleep(app, |world| {
        let anna = world.connect("/");
        for (event, codes) in [("say", &["HANDLER", "POST", "LAST"][..]), ("twice", &["ONCE", "TWICE"])] {
            let before = world.log().len();
            let answer = answer(&anna, event, 1).expect("an answer");
            assert_eq!(answer["error"]["code"], *codes.last().unwrap());
            let log = world.log().split_off(before);
            let heard: Vec<&str> = log.iter().filter_map(|line| line.strip_prefix("heard ")).collect();
            assert_eq!(heard, codes);
            for code in codes {
                let failed = format!("failed with {code}");
                assert_eq!(log.iter().filter(|line| line.contains(&failed)).count(), 1, "{code}: {log:?}");
            }
        }
    });
}

#[test]
fn other_handlers_of_a_controllers_event_that_fail_are_logged_too() {
    fn app() -> App {
        let web = Controller::new().on("say", async || Err::<(), _>(Failure::new("CONTROLLER", "no")));
        App::new().namespace("/", |ns| {
            ns.on_any(async || Err::<(), _>(Failure::new("ANY", "no")))
                .on_any(async || {
                    dormouse::sleep(core::time::Duration::from_secs(1)).await;
                    Err::<(), _>(Failure::new("SLOW", "no"))
                })
                .controller(web)
                .on("say", async || Err::<(), _>(Failure::new("BESIDE", "no")))
        })
    }
    for log_errors in ["true", "false"] {
        let world = TestWorld::new(app).with_variable("LOG_ERRORS", log_errors);
        let error = json!({ "code": "CONTROLLER", "message": "no" });
        assert_eq!(answer(&world.connect("/"), "say", 1), Some(json!({ "status": "error", "error": error })));
        world.advance(core::time::Duration::from_secs(2));
        let log = world.log().join("\n");
        for (code, times) in [("ANY", 1), ("SLOW", 1), ("BESIDE", 1), ("CONTROLLER", usize::from(log_errors == "true"))]
        {
            assert_eq!(log.matches(&format!("failed with {code}")).count(), times, "{code}: {log}");
        }
    }
}

/// A panic is no failure, here as anywhere: the log has it, and no handler of errors is called.
#[test]
fn a_panic_is_answered_and_logged_and_not_heard() {
    fn app() -> App {
        let heard = async |io: Io| io.log("heard");
        let web = Controller::new()
            .hook(async || Flow::after(async |_| step("after")))
            .on("say", async || -> Response<u32> { panic!("a bug") })
            .handle_error(heard);
        App::new()
            .namespace("/", |ns| ns.controller(web).on("plain", async || -> () { panic!("a bug") }).on_error(heard))
    }
    awake_and_asleep(app, |world| {
        let anna = world.connect("/");
        for event in ["say", "plain"] {
            let mut answer = answer(&anna, event, 1).expect("an answer");
            answer["error"].as_object_mut().unwrap().remove("reference").expect("a reference");
            assert_eq!(answer, json!({ "status": "error", "error": internal() }), "{event}");
        }
        let log = world.log();
        assert_eq!(log.iter().filter(|line| line.contains("panicked: a bug")).count(), 2, "{log:?}");
        assert!(!log.iter().any(|line| line == "heard"), "{log:?}");
        assert_eq!(steps(), [""; 0]);
    });
}
