//! *Unit Testing*, and *Advanced*: *Handling connection*, its *Error-handling*, and *Custom server options*.

use core::time::Duration;

use dormouse::controller::{Context, Controller, Payload, Response};
use dormouse::testing::{Call, TestEvent, TestWorld};
use dormouse::{Ack, App, Failure, Io};
use serde_json::json;

use super::{ask, awake_and_asleep, ok};

#[test]
fn unit_testing() {
    async fn create_user(ctx: Context, Payload(name): Payload<String>) -> Result<Response<String>, Failure> {
        ctx.socket().emit("welcome", &name)?;
        ctx.socket().broadcast().emit("refresh users", ())?;
        Ok(Response(name))
    }
    let call = Call::new("create", "Anna");
    assert_eq!(call.answer(&Controller::new().on("create", create_user)), Some(ok("Anna")));
    assert_eq!(call.received(), [TestEvent::new("welcome", "Anna")]);
    assert_eq!(call.broadcast(), [TestEvent::new("refresh users", ())]);

    let (context, payload) = (call.context(), call.context().payload::<String>().expect("a text"));
    assert_eq!((context.event_name(), &*payload, context.socket().rooms().len()), ("create", "Anna", 1));
}

async fn on_connection(ctx: Context) -> Result<(), Failure> {
    ctx.socket().join("visitors")?;
    if ctx.socket().handshake().is_some_and(|request| request.query_param("late").is_some()) {
        return Err(Failure::new("LATE", "Come back tomorrow"));
    }
    Ok(())
}

fn visitors() -> App {
    let count = async |io: Io, ctx: Context| {
        io.to("visitors").emit("visited", ())?;
        Ok::<_, Failure>(Response(ctx.socket().rooms().len()))
    };
    let web = Controller::new().on_connection(on_connection).on("visit", count);
    App::new().namespace("/", |ns| ns.controller(web))
}

#[test]
fn handling_connection() {
    awake_and_asleep(visitors, |world| {
        let anna = world.connect("/");
        assert_eq!(ask(&anna, "visit", ()), Some(ok(2)));
        assert_eq!(anna.take_events(), [TestEvent::new("visited", ())]);
    });
}

#[test]
fn errors_of_handling_connection() {
    awake_and_asleep(visitors, |world| {
        let refused = world.client().query("late", "1").try_connect("/").expect_err("refused");
        assert_eq!((&*refused.message, refused.data), ("Come back tomorrow", Some(json!({ "code": "LATE" }))));
        // The client may try again.
        assert!(world.client().try_connect("/").is_ok());
    });
}

#[test]
fn custom_server_options() {
    fn app() -> App {
        App::new().namespace("/", |ns| ns.on("count", async |io: Io| Ack(io.clients_count())))
    }
    for sleepy in [false, true] {
        let world = TestWorld::new(app).with_variable("CONNECT_TIMEOUT_MS", "60000");
        world.sleep_after_every_event(sleepy);
        let anna = world.connect("/");
        // A client that has a connection, and joins nothing.
        let _refused = world.client().start("/nowhere").expect("a connection");
        world.advance(Duration::from_millis(59_999));
        assert_eq!(ask(&anna, "count", ()), Some(json!(2)));
        world.advance(Duration::from_millis(1));
        assert_eq!(ask(&anna, "count", ()), Some(json!(1)));
    }
}
