//! Guards and rate limits of single events: awake, and after a nap.
#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use core::time::Duration;
use std::panic::{AssertUnwindSafe, catch_unwind};

use dormouse::controller::{Controller, Response};
use dormouse::extract::EventName;
use dormouse::routing::{Limit, LimitState, RateLimit, Routes};
use dormouse::testing::{TestClient, TestWorld};
use dormouse::{Ack, App, Args, Auth, Failure, Io, Socket, Storage};
use serde_json::{Value, json};

fn app() -> App {
    App::new()
        .namespace("/", |ns| {
            ns.on("secret", async || Ack("told"))
                .guarded(has_joined)
                .on("join", async |socket: Socket| socket.join("members").map(|()| Ack("joined")))
                .on("both", async |io: Io| io.log("unguarded"))
                .on("both", async |io: Io| io.log("guarded"))
                .guarded(has_joined)
                .on("order", async || Ack("order"))
                .guarded(async |io: Io| io.log("first"))
                .guarded(async |io: Io, args: Args| {
                    io.log(format!("second {}", args.to_json()));
                    if args.is_empty() { Err("no argument") } else { Ok(()) }
                })
                .limit(Limit::per_second(1))
                .guarded(async |io: Io| io.log("last"))
                .once("first", async || Ack("first"))
                .guarded(has_joined)
                .on("writes", async |storage: Storage| storage.put("b", &1).map(|()| Ack(())))
                .guarded(async |storage: Storage| {
                    storage.put("a", &1)?;
                    has_joined_of(false)
                })
                .on("keys", async |storage: Storage| storage.keys("").map(|keys| Ack((keys,))))
                .on_error(async |io: Io, event: EventName, failure: Failure| {
                    io.log(format!("heard {} {}", &*event.0, failure.code()));
                })
        })
        .namespace("/limited", |ns| {
            ns.on("socket", async || Ack(1))
                .limit(Limit::per_second(2).burst(3))
                .on("world", async || Ack(1))
                .limit(Limit::per_second(1).by_world())
                .on("user", async || Ack(1))
                .limit(Limit::per_second(1).by(user))
                .on("slow", slow)
                .on("free", async || Ack(1))
        })
        .namespace("/all", |ns| ns.limit_events(Limit::per_second(1).burst(2)).fallback(async || Ack(1)))
        .namespace("/by-hand", |ns| {
            let limit = Limit::per_second(1).by_socket();
            ns.on("by hand", move |socket: Socket| {
                let checked = limit.check(&socket);
                async move { checked.map(|()| Ack(1)) }
            })
        })
        .namespace("/controlled", |ns| {
            let web = Controller::new().on("roll", async || Response(4)).limit(Limit::per_second(1).burst(2));
            ns.controller(web)
        })
}

async fn has_joined(socket: Socket) -> Result<(), Failure> {
    has_joined_of(socket.rooms().iter().any(|room| room.as_str() == "members"))
}

fn has_joined_of(is_member: bool) -> Result<(), Failure> {
    if is_member { Ok(()) } else { Err(Failure::new("NO_MEMBER", "join first")) }
}

#[derive(serde::Deserialize)]
struct User {
    name: String,
}

fn user(socket: &Socket) -> String {
    socket.handshake().and_then(|handshake| handshake.auth::<User>().ok()).map(|User { name }| name).unwrap_or_default()
}

/// Twice an hour for each user.
async fn slow(io: Io, storage: Storage, Auth(User { name: user }): Auth<User>) -> Result<Ack<u32>, Failure> {
    let mut state: LimitState = storage.get(&user)?.unwrap_or_default();
    Limit::per_hour(2).take(&mut state, io.now())?;
    storage.put(&user, &state)?;
    Ok(Ack(1))
}

/// Calls `test` with a world that `nap` hibernates, and with one for which it does nothing.
fn awake_and_asleep(test: impl Fn(&TestWorld, &dyn Fn())) {
    for sleepy in [false, true] {
        let world = TestWorld::new(app);
        let nap = || {
            if sleepy {
                world.sleep();
            }
        };
        test(&world, &nap);
    }
}

fn ask(client: &TestClient, event: &str, args: impl dormouse::value::IntoArgs) -> Value {
    client.emit_with_ack(event, args).args().expect("an acknowledgement").parse().expect("JSON")
}

fn code(told: &Value) -> Option<&str> {
    told["error"]["code"].as_str()
}

#[test]
fn a_guard_refuses_its_event_only() {
    awake_and_asleep(|world, nap| {
        let anna = world.connect("/");
        nap();
        assert_eq!(code(&ask(&anna, "secret", ())), Some("NO_MEMBER"));
        anna.emit("secret", ());
        anna.emit("both", ());
        nap();
        assert_eq!(ask(&anna, "join", ()), "joined");
        nap();
        assert_eq!(ask(&anna, "secret", ()), "told");
        anna.emit("both", ());
        let lines: Vec<_> = world.log().into_iter().filter(|line| line.contains("guarded")).collect();
        assert_eq!(lines, ["unguarded", "unguarded", "guarded"]);
        let heard = world.log().into_iter().filter(|line| line.starts_with("heard")).collect::<Vec<_>>();
        assert_eq!(heard, ["heard secret NO_MEMBER", "heard secret NO_MEMBER", "heard both NO_MEMBER"]);
    });
}

#[test]
fn guards_and_limits_are_asked_in_the_order_in_which_they_are_written() {
    awake_and_asleep(|world, nap| {
        let anna = world.connect("/");
        let logged = || {
            let all = world.log().into_iter();
            all.filter(|line| ["first", "secon", "last"].iter().any(|word| line.starts_with(word))).collect::<Vec<_>>()
        };
        nap();
        assert_eq!(code(&ask(&anna, "order", ())), Some("ERROR"));
        assert_eq!(ask(&anna, "order", 1), "order");
        assert_eq!(code(&ask(&anna, "order", 2)), Some("RATE_LIMITED"));
        assert_eq!(logged(), ["first", "second []", "first", "second [1]", "last", "first", "second [2]"]);
    });
}

#[test]
fn a_refused_event_counts_as_the_first_one() {
    awake_and_asleep(|world, nap| {
        let anna = world.connect("/");
        nap();
        assert_eq!(code(&ask(&anna, "first", ())), Some("NO_MEMBER"));
        ask(&anna, "join", ());
        nap();
        assert_eq!(anna.emit_with_ack("first", ()).args(), None);
    });
}

#[test]
fn what_a_guard_wrote_that_refuses_is_undone() {
    awake_and_asleep(|world, nap| {
        let anna = world.connect("/");
        nap();
        assert_eq!(code(&ask(&anna, "writes", ())), Some("NO_MEMBER"));
        assert_eq!(ask(&anna, "keys", ()), json!([]));
    });
}

/// Asks until it is refused; returns how often it was not, and after how many milliseconds it may go on.
fn spend(client: &TestClient, event: &str) -> (usize, u64) {
    for allowed in 0..100 {
        let told = ask(client, event, ());
        if code(&told) == Some("RATE_LIMITED") {
            return (allowed, told["error"]["retryAfterMs"].as_u64().expect("milliseconds"));
        }
    }
    (100, 0)
}

#[test]
fn a_limit_is_for_each_socket() {
    awake_and_asleep(|world, nap| {
        let (anna, ben) = (world.connect("/limited"), world.connect("/limited"));
        nap();
        assert_eq!(spend(&anna, "socket"), (3, 500));
        assert_eq!(spend(&ben, "socket"), (3, 500));
        assert_eq!(ask(&anna, "free", ()), 1);
        world.advance(Duration::from_millis(499));
        assert_eq!(spend(&anna, "socket"), (0, 1));
        world.advance(Duration::from_millis(501));
        assert_eq!(spend(&anna, "socket"), (2, 500));
        // The world naps after ten seconds at the earliest.
        world.advance(Duration::from_secs(10));
        nap();
        assert_eq!(spend(&anna, "socket"), (3, 500));
    });
}

#[test]
fn what_is_limited_is_dropped_and_logged() {
    awake_and_asleep(|world, nap| {
        let anna = world.connect("/limited");
        nap();
        for _ in 0..5 {
            anna.emit("socket", ());
        }
        let lines = world.log_lines().into_iter().filter(|line| line.contains("RATE_LIMITED")).count();
        assert_eq!(lines, 2);
    });
}

#[test]
fn a_limit_is_for_the_world_or_for_each_user() {
    awake_and_asleep(|world, nap| {
        let of = |user: &str| world.client().auth(json!({ "name": user })).connect("/limited");
        let (anna, anna_again, ben) = (of("anna"), of("anna"), of("ben"));
        nap();
        assert_eq!(spend(&anna, "world"), (1, 1_000));
        assert_eq!(spend(&ben, "world"), (0, 1_000));
        assert_eq!(spend(&anna, "user"), (1, 1_000));
        assert_eq!(spend(&anna_again, "user"), (0, 1_000));
        assert_eq!(spend(&ben, "user"), (1, 1_000));
        world.advance(Duration::from_secs(10));
        nap();
        assert_eq!((spend(&ben, "world"), spend(&anna_again, "user")), ((1, 1_000), (1, 1_000)));
    });
}

#[test]
fn a_slow_limit_is_stored_and_survives_a_nap() {
    awake_and_asleep(|world, nap| {
        let of = |user: &str| world.client().auth(json!({ "name": user })).connect("/limited");
        let anna = of("anna");
        assert_eq!(spend(&anna, "slow"), (1, 30 * 60_000));
        world.advance(Duration::from_mins(1));
        nap();
        assert_eq!(spend(&anna, "slow"), (0, 29 * 60_000));
        assert_eq!(spend(&of("ben"), "slow"), (1, 30 * 60_000));
        world.advance(Duration::from_mins(29));
        nap();
        assert_eq!(spend(&anna, "slow").0, 1);
    });
}

#[test]
fn a_limit_of_all_events_of_a_namespace_is_middleware() {
    awake_and_asleep(|world, nap| {
        let (anna, ben) = (world.connect("/all"), world.connect("/all"));
        nap();
        assert_eq!((ask(&anna, "a", ()), ask(&anna, "b", ())), (json!(1), json!(1)));
        assert_eq!(code(&ask(&anna, "c", ())), Some("RATE_LIMITED"));
        assert_eq!(ask(&ben, "c", ()), 1);
    });
}

#[test]
fn a_limit_can_be_asked_by_hand_and_by_controllers() {
    awake_and_asleep(|world, nap| {
        let (anna, ben) = (world.connect("/by-hand"), world.connect("/controlled"));
        nap();
        assert_eq!(spend(&anna, "by hand"), (1, 1_000));
        assert_eq!(spend(&ben, "roll"), (2, 1_000));
        assert_eq!(ask(&ben, "roll", ())["status"], "error");
    });
}

#[test]
fn a_guard_without_a_handler_before_it_fails_at_start_up() {
    let guard: fn(Routes) -> Routes = |ns| ns.guarded(async || ());
    let limit: fn(Routes) -> Routes = |ns| ns.limit(Limit::per_second(1));
    let with_nothing: [fn(Routes) -> Routes; 4] = [
        |ns| ns,
        |ns| ns.on("a", async || ()).fallback(async || ()),
        |ns| ns.on("a", async || ()).on_any(async || ()),
        |ns| ns.on("a", async || ()).controller(Controller::new().on("b", async || Response(1))),
    ];
    for before in with_nothing {
        for modify in [guard, limit] {
            let text = panic_of(|| drop(App::new().namespace("/", |ns| modify(before(ns)))));
            assert!(text.contains("registered just before it"), "{text}");
        }
    }
}

#[test]
fn a_limit_that_a_nap_would_forget_fails_at_start_up() {
    drop(App::new().namespace("/", |ns| ns.on("a", async || ()).limit(Limit::per_second(1).burst(10))));
    let slow: [fn() -> RateLimit; 4] = [
        || Limit::per_second(1).burst(11).into(),
        || Limit::per_minute(5).into(),
        || Limit::per_hour(1).by_world(),
        || Limit::per_hour(1).by(user),
    ];
    for limit in slow {
        let text = panic_of(|| drop(App::new().namespace("/", |ns| ns.on("a", async || ()).limit(limit()))));
        assert!(text.contains("store a `LimitState`"), "{text}");
        let text = panic_of(|| drop(App::new().namespace("/", |ns| ns.limit_events(limit()))));
        assert!(text.contains("store a `LimitState`"), "{text}");
        let text = panic_of(|| drop(Controller::new().hook(limit())));
        assert!(text.contains("store a `LimitState`"), "{text}");
    }
    for none in [|| Limit::per_second(0), || Limit::per_second(1).burst(0)] {
        assert!(panic_of(|| _ = none()).contains("lets nothing happen"));
    }
}

fn panic_of(register: impl FnOnce()) -> String {
    let panic = catch_unwind(AssertUnwindSafe(register)).expect_err("it fails at start-up");
    panic
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| Some((*panic.downcast_ref::<&str>()?).to_owned()))
        .expect("a text")
}
