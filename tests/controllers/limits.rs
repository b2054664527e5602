//! Rate limits of controllers, and the end of their sockets.

use core::time::Duration;

use dormouse::controller::{Context, Controller, Response};
use dormouse::response::HttpResponse;
use dormouse::routing::{Limit, RateLimit};
use dormouse::testing::{TestClient, TestWorld};
use dormouse::{Ack, App, Failure, Storage};
use serde_json::{Value, json};

use super::dialogue::answer;

fn ask(client: &TestClient, event: &str, payload: impl serde::Serialize) -> Value {
    answer(client, event, payload).unwrap()
}

fn code(told: &Value) -> Option<&str> {
    told.pointer("/error/code").and_then(Value::as_str)
}

thread_local! {
    /// The limits of the test, to see what they know.
    static KEPT: [RateLimit; 3] = [1, 2, 3].map(|_| Limit::per_second(1).by_socket());
}

/// Returns how many keys each of the limits knows.
fn keys() -> Vec<String> {
    let known = |limit: &RateLimit| {
        let shown = format!("{limit:?}");
        shown.split("keys: ").nth(1).and_then(|rest| rest.split(',').next()).unwrap().to_owned()
    };
    KEPT.with(|limits| limits.iter().map(known).collect())
}

#[test]
fn a_socket_that_has_gone_is_forgotten() {
    fn app() -> App {
        let [one, two, three] = KEPT.with(Clone::clone);
        let sub = Controller::new().on("c", async || Response(1)).limit(three);
        App::new()
            .namespace("/", |ns| ns.on("a", async || Ack(1)).limit(one))
            .namespace("/b", |ns| ns.controller(Controller::new().hook(two).controller("", sub)))
    }
    for sleepy in [false, true] {
        let world = TestWorld::new(app);
        world.sleep_after_every_event(sleepy);
        let (anna, ben) = (world.connect("/"), world.connect("/b"));
        let cleo = ben.also_connect("/");
        ask(&anna, "a", ());
        ask(&cleo, "a", ());
        ask(&ben, "c", ());
        assert_eq!(keys(), ["2", "1", "1"]);
        anna.disconnect();
        assert_eq!(keys(), ["1", "1", "1"]);
        ben.close();
        assert_eq!(keys(), ["0", "0", "0"]);
    }
}

#[test]
fn a_limit_of_a_controller_may_be_for_what_a_hook_has_found_out() {
    struct Member(String);
    fn app() -> App {
        let identify = async |ctx: Context| {
            if let Ok(Some(name)) = ctx.payload::<Option<String>>() {
                ctx.set_user(Member(name));
            }
        };
        let by_user = Limit::per_second(1).by_context(|ctx| match ctx.user::<Member>() {
            Some(member) => format!("user {}", member.0),
            None => format!("socket {}", ctx.socket().id()),
        });
        let web = Controller::new().hook(identify).on("bid", async || Response(1)).with(by_user);
        App::new().namespace("/", |ns| ns.controller(web))
    }
    for sleepy in [false, true] {
        let world = TestWorld::new(app);
        let (anna, ben) = (world.connect("/"), world.connect("/"));
        for _ in 0..2 {
            if sleepy {
                world.sleep();
            }
            assert_eq!(ask(&anna, "bid", "anna")["data"], 1);
            assert_eq!(code(&ask(&ben, "bid", "anna")), Some("RATE_LIMITED"));
            assert_eq!((&ask(&ben, "bid", "ben")["data"], &ask(&ben, "bid", ())["data"]), (&json!(1), &json!(1)));
            assert_eq!(ask(&anna, "bid", ())["data"], 1);
            assert_eq!(code(&ask(&anna, "bid", ())), Some("RATE_LIMITED"));
            world.advance(Duration::from_secs(10));
        }
    }
}

#[test]
fn a_limit_is_a_hook_that_comes_before_what_writes() {
    fn app() -> App {
        let write = async |storage: Storage| {
            let count: u32 = storage.get("count")?.unwrap_or_default();
            storage.put("count", &(count + 1))
        };
        let web = Controller::new()
            .hook(Limit::per_second(1).burst(2))
            .hook(write)
            .on("a", async || Response(1))
            .on("b", async || Response(1))
            .on("read", async || Response(1));
        App::new().namespace("/", |ns| ns.controller(web)).route("GET", "/count", async |storage: Storage| {
            Ok::<_, Failure>(HttpResponse::json(200, &storage.get::<u32>("count")?))
        })
    }
    for sleepy in [false, true] {
        let world = TestWorld::new(app);
        let anna = world.connect("/");
        if sleepy {
            world.sleep();
        }
        let told = ["a", "b", "a", "b"].map(|event| code(&ask(&anna, event, ())).map(str::to_owned));
        let limited = Some("RATE_LIMITED".to_owned());
        assert_eq!(told, [None, None, limited.clone(), limited]);
        assert_eq!(world.request("GET", "/count", "").body_text(), "2");
    }
}
