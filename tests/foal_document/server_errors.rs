//! *Error-handling*, and *Customizing the error handler*.

use core::fmt;

use dormouse::controller::{Context, Controller, ErrorResponse, Reply, render_error};
use dormouse::testing::TestWorld;
use dormouse::{App, Failure};
use serde_json::{Value, json};

use super::{ask, awake_and_asleep, error};

#[derive(Debug)]
struct PermissionDenied;

impl fmt::Display for PermissionDenied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("users may be created by admins only")
    }
}

impl core::error::Error for PermissionDenied {}

async fn create_user() -> Result<(), Failure> {
    Err(PermissionDenied)?
}

fn app() -> App {
    let hooked = Controller::new().hook(create_user).on("hooked", async || {});
    let web = Controller::new().on("create user", create_user).controller("", hooked);
    App::new().namespace("/", |ns| ns.controller(web))
}

/// Takes the reference to the log, which is random, out of an answer.
fn referred(answer: Option<Value>) -> (Value, usize) {
    let mut answer = answer.expect("an answer");
    let reference = answer["error"].as_object_mut().and_then(|error| error.remove("reference"));
    (answer, reference.and_then(|reference| reference.as_str().map(str::len)).unwrap_or_default())
}

#[test]
fn error_handling() {
    awake_and_asleep(app, |world| {
        let anna = world.connect("/");
        let internal = json!({ "code": "INTERNAL_SERVER_ERROR", "message": "An internal server error has occurred." });
        for event in ["create user", "hooked"] {
            let (answer, reference) = referred(ask(&anna, event, ()));
            assert_eq!(answer, error(internal.clone()), "{event}");
            assert!(reference > 0, "{event}");
        }
    });
}

#[test]
fn error_handling_with_debug() {
    for sleepy in [false, true] {
        let world = TestWorld::new(app).with_variable("DEBUG", "true");
        world.sleep_after_every_event(sleepy);
        let answer = ask(&world.connect("/"), "create user", ()).expect("an answer");
        assert_eq!(answer["error"]["code"], "INTERNAL_SERVER_ERROR");
        assert_eq!(answer["error"]["details"], "users may be created by admins only");
    }
}

#[test]
fn customizing_the_error_handler() {
    async fn handle_error(failure: Failure, ctx: Context) -> Result<Reply, ErrorResponse<&'static str>> {
        match failure.downcast_ref::<PermissionDenied>() {
            Some(_) => Err(ErrorResponse("Permission is denied")),
            None => Ok(render_error(&failure, &ctx)),
        }
    }
    fn app() -> App {
        let taken = async || Err::<(), _>(Failure::new("TAKEN", "The name is taken"));
        let web = Controller::new().on("create user", create_user).on("rename user", taken).handle_error(handle_error);
        App::new().namespace("/", |ns| ns.controller(web))
    }
    awake_and_asleep(app, |world| {
        let anna = world.connect("/");
        assert_eq!(ask(&anna, "create user", ()), Some(error("Permission is denied")));
        let taken = json!({ "code": "TAKEN", "message": "The name is taken" });
        assert_eq!(ask(&anna, "rename user", ()), Some(error(taken)));
    });
}
