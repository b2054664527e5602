//! A world's named alarms and its storage.

use core::time::Duration;

use dormouse::extract::{AlarmContext, EventName};
use dormouse::testing::TestClient;
use dormouse::{Ack, App, Args, Data, Failure, Io, Socket, Storage};
use serde_json::{Value, json};

use crate::kit::{NOTHING, answer, awake_and_asleep, clients, heard, with_variable};

const SECOND: Duration = Duration::from_secs(1);

fn ask(client: &TestClient, event: &str, args: impl dormouse::value::IntoArgs) -> Value {
    let told = answer(&client.emit_with_ack(event, args)).expect("an answer");
    let values: Vec<Value> = serde_json::from_str(&told).expect("JSON");
    values.into_iter().next().unwrap_or_default()
}

/// An app with the events `set(name, milliseconds, context)`, `clear(name)` and `due(name)` for alarms.
fn alarms() -> App {
    async fn rings(
        io: Io,
        EventName(name): EventName,
        AlarmContext(context): AlarmContext<Value>,
    ) -> Result<(), Failure> {
        io.log(format!("{name} {context} {:?}", io.alarm(&name)));
        io.emit("rang", &*name)?;
        if context == "again" {
            io.set_alarm(&name, SECOND, "again")?;
        }
        Ok(())
    }
    App::new()
        .namespace("/", |ns| {
            ns.on("set", async |io: Io, Data((name, millis, context)): Data<(String, u64, Value)>| {
                io.set_alarm(&name, Duration::from_millis(millis), context)?;
                Ok::<_, Failure>(Ack(io.alarm(&name).map(|at| at.since(io.now()).as_millis())))
            })
            .on("clear", async |io: Io, Data(name): Data<String>| {
                io.clear_alarm(&name)?;
                Ok::<_, Failure>(Ack(io.alarm(&name).is_none()))
            })
            .on("due", async |io: Io, Data(name): Data<String>| {
                Ack(io.alarm(&name).map(|at| at.since(io.now()).as_millis()))
            })
        })
        .on_alarm("first", rings)
        .on_alarm("second", rings)
        .on_alarm("fails", async || Err::<(), _>("the alarm's handler"))
}

#[test]
fn a_named_alarm_rings_once_and_wakes_the_world() {
    awake_and_asleep(alarms, |world| {
        let [anna] = clients(world, "/");
        assert_eq!(ask(&anna, "set", ("first", 90_000, json!({ "n": 7 }))), json!(90_000));
        world.sleep();
        world.advance(Duration::from_millis(89_999));
        assert_eq!(world.logged(), NOTHING);
        assert_eq!(ask(&anna, "due", "first"), json!(1));
        world.nap();
        world.advance(Duration::from_millis(1));
        assert_eq!(world.logged(), [r#"first {"n":7} None"#]);
        assert_eq!(heard(&anna), [r#"rang ["first"]"#]);
        world.nap();
        world.advance(Duration::from_hours(1));
        assert_eq!(world.logged().len(), 1);
        assert!(anna.is_connected());
    });
}

#[test]
fn an_alarm_is_replaced_and_taken_back() {
    awake_and_asleep(alarms, |world| {
        let [anna] = clients(world, "/");
        ask(&anna, "set", ("first", 1_000, "early"));
        ask(&anna, "set", ("second", 2_000, "never"));
        world.nap();
        ask(&anna, "set", ("first", 30_000, "late"));
        world.nap();
        assert_eq!(ask(&anna, "clear", "second"), json!(true));
        ask(&anna, "clear", "unknown");
        world.nap();
        world.advance(29 * SECOND);
        assert_eq!(world.logged(), NOTHING);
        world.advance(SECOND);
        assert_eq!(world.logged(), [r#"first "late" None"#]);
    });
}

#[test]
fn alarms_ring_in_a_world_that_everybody_left() {
    awake_and_asleep(alarms, |world| {
        let [anna] = clients(world, "/");
        ask(&anna, "set", ("first", 3_600_000, "alone"));
        anna.close();
        world.sleep();
        world.advance(Duration::from_hours(2));
        assert_eq!(world.logged(), [r#"first "alone" None"#]);
        world.nap();
        let [ben] = clients(world, "/");
        assert_eq!(ask(&ben, "due", "first"), Value::Null);
    });
}

#[test]
fn an_alarm_may_set_itself_again() {
    with_variable(alarms, "PING_INTERVAL_MS", "300", |world| {
        let [anna] = clients(world, "/");
        ask(&anna, "set", ("first", 1_000, "again"));
        world.nap();
        world.advance(Duration::from_millis(3_500));
        assert_eq!(world.logged(), [r#"first "again" None"#; 3]);
        assert_eq!(ask(&anna, "due", "first"), json!(500));
    });
}

#[test]
fn alarms_that_are_due_at_once_ring_all() {
    awake_and_asleep(alarms, |world| {
        let [anna] = clients(world, "/");
        for name in ["second", "first", "fails"] {
            ask(&anna, "set", (name, 25_000, name));
        }
        world.nap();
        world.advance(25 * SECOND);
        let mut logged = world.logged();
        logged.sort();
        assert_eq!(
            logged,
            ["a handler failed with ERROR: the alarm's handler", r#"first "first" None"#, r#"second "second" None"#]
        );
        assert!(anna.is_connected());
    });
}

#[test]
fn mistakes_with_alarms_are_errors() {
    awake_and_asleep(alarms, |world| {
        let [anna] = clients(world, "/");
        let problem = |told: Value| told["error"]["message"].as_str().map(str::to_owned);
        let unknown = problem(ask(&anna, "set", ("unknown", 1, 0)));
        assert_eq!(unknown.as_deref(), Some(r#"the app has no `on_alarm` called "unknown""#));
        let long = problem(ask(&anna, "set", ("first", 1, "x".repeat(4_095))));
        assert_eq!(long.as_deref(), Some("its context has 4097 bytes, and may have 4096"));
        world.advance(SECOND);
        assert_eq!(world.logged(), NOTHING);
    });
}

/// Time stands still while handlers run: an alarm that they set for now fires after them, and other events are handled between.
#[test]
fn an_alarm_that_sets_itself_again_at_once_keeps_nothing_else_waiting() {
    async fn tick(io: Io) -> Result<(), Failure> {
        io.set_alarm("tick", Duration::ZERO, ())?;
        io.emit("tick", ())?;
        Ok(())
    }
    let app = || {
        App::new()
            .namespace("/", |ns| ns.on("begin", tick).on("end", async |io: Io| io.clear_alarm("tick")))
            .on_alarm("tick", tick)
    };
    awake_and_asleep(app, |world| {
        let [anna] = clients(world, "/");
        world.nap();
        anna.emit("begin", ());
        assert!(!heard(&anna).is_empty());
        anna.emit("end", ());
        heard(&anna);
        world.advance(SECOND);
        assert_eq!(heard(&anna), NOTHING);
    });
}

#[test]
fn an_alarm_may_be_set_for_the_end_of_time() {
    let app = || {
        App::new()
            .namespace("/", |ns| {
                ns.on("set", async |io: Io, socket: Socket| {
                    io.set_alarm("far", Duration::MAX, ())?;
                    socket.timeout(Duration::MAX).ack_to("far", ()).emit("q", ())?;
                    Ok::<_, Failure>(Ack(io.alarm("far").map(|at| at.since(io.now()).as_secs())))
                })
                .on_ack("far", async |io: Io| io.log("answered"))
            })
            .on_alarm("far", async |io: Io| io.log("rang"))
    };
    awake_and_asleep(app, |world| {
        let [anna] = clients(world, "/");
        assert_eq!(ask(&anna, "set", ()), json!(3_153_600_000_u64));
        world.nap();
        world.advance(Duration::from_hours(48));
        let event = anna.next_event().expect("a question");
        anna.ack(&event, ());
        assert_eq!(world.logged(), ["answered"]);
    });
}

#[test]
fn a_world_has_400_alarms_at_most() {
    let app = || {
        let with_handlers = |app: App, n: u32| app.on_alarm(&n.to_string(), async || ());
        (0..1_001).fold(App::new(), with_handlers).namespace("/", |ns| {
            ns.on("set", async |io: Io, Data(n): Data<u32>| io.set_alarm(&n.to_string(), SECOND, ()).map(Ack)).on(
                "set many",
                async |io: Io, Data(many): Data<u32>| {
                    (0..many).try_for_each(|n| io.set_alarm(&n.to_string(), SECOND, ()))
                },
            )
        })
    };
    // One client sets all of them.
    with_variable(app, "MAX_ROWS_PER_SECOND", "1000", |world| {
        let [anna] = clients(world, "/");
        anna.emit("set many", 400);
        world.nap();
        let told = ask(&anna, "set", 1_000);
        assert_eq!(told["error"]["message"], "the world has 400 alarms already");
        // An alarm that exists may be replaced.
        assert_eq!(ask(&anna, "set", 399), Value::Null);
    });
}

/// An app with events for the storage: `put(key, value)`, `get(key)`, `delete(key)`, `keys(prefix)`.
fn storage() -> App {
    let routes = |ns: dormouse::routing::Routes| {
        ns.on("put", async |storage: Storage, Data((key, value)): Data<(String, Value)>| {
            storage.put(&key, &value).map(Ack)
        })
        .on("get", async |storage: Storage, Data(key): Data<String>| storage.get::<Value>(&key).map(Ack))
        .on("number", async |storage: Storage, Data(key): Data<String>| storage.get::<u32>(&key).map(Ack))
        .on("delete", async |io: Io, Data(key): Data<String>| io.storage().delete(&key).map(Ack))
        .on("keys", async |storage: Storage, Data(prefix): Data<String>| storage.keys(&prefix).map(|keys| Ack((keys,))))
        .on("long", async |storage: Storage, Data((key, value)): Data<(usize, usize)>| {
            storage.put(&"k".repeat(key), &"v".repeat(value)).map(Ack)
        })
        .on("echo", async |socket: Socket, args: Args| socket.emit("echo", args))
    };
    App::new().namespace("/", routes).namespace("/other", routes).on_alarm("alarm", async || ())
}

#[test]
fn what_is_stored_survives_sleep_and_the_last_client() {
    awake_and_asleep(storage, |world| {
        let [anna] = clients(world, "/");
        assert_eq!(ask(&anna, "get", "visits"), Value::Null);
        ask(&anna, "put", ("visits", json!({ "n": 7 })));
        world.nap();
        assert_eq!(ask(&anna, "get", "visits"), json!({ "n": 7 }));
        ask(&anna, "put", ("visits", json!(8)));
        anna.close();
        world.sleep();
        // Storage belongs to the world, not to a namespace.
        let [ben] = clients(world, "/other");
        assert_eq!(ask(&ben, "number", "visits"), json!(8));
        ask(&ben, "delete", "visits");
        ask(&ben, "delete", "visits");
        world.nap();
        assert_eq!(ask(&ben, "get", "visits"), Value::Null);
    });
}

#[test]
fn keys_are_listed_in_order_by_prefix() {
    awake_and_asleep(storage, |world| {
        let [anna] = clients(world, "/");
        for key in ["b", "a:2", "a:1", "ab", ""] {
            ask(&anna, "put", (key, json!(key)));
        }
        world.nap();
        assert_eq!(ask(&anna, "keys", ""), json!(["", "a:1", "a:2", "ab", "b"]));
        assert_eq!(ask(&anna, "keys", "a:"), json!(["a:1", "a:2"]));
        assert_eq!(ask(&anna, "keys", "alarms"), json!([]));
        assert_eq!(ask(&anna, "get", ""), json!(""));
    });
}

#[test]
fn what_cannot_be_stored_is_an_error_and_what_was_there_stays() {
    awake_and_asleep(storage, |world| {
        let [anna] = clients(world, "/");
        ask(&anna, "put", ("text", json!("seven")));
        let problem = |told: Value| told["error"]["message"].as_str().map(str::to_owned);
        let key = problem(ask(&anna, "long", (2_049, 0)));
        assert_eq!(key.as_deref(), Some("the key has 2049 bytes, and may have 2048"));
        let value = problem(ask(&anna, "long", (1, 1_899_999)));
        assert_eq!(value.as_deref(), Some("the value has 1900001 bytes, and may have 1900000"));
        assert_eq!(problem(ask(&anna, "long", (2_048, 1_899_998))), None);
        // What is stored is nothing that a client need know.
        assert_eq!(problem(ask(&anna, "number", "text")).as_deref(), Some("An internal server error has occurred."));
        assert!(world.logged().iter().any(|line| line.contains("invalid type")), "{:?}", world.logged());
        world.nap();
        assert_eq!(ask(&anna, "get", "text"), json!("seven"));
        assert_eq!(ask(&anna, "keys", "kk").as_array().map(Vec::len), Some(1));
    });
}

#[test]
fn an_alarm_whose_handler_is_gone_after_a_deploy_is_logged() {
    let app = || {
        App::new()
            .namespace("/", |ns| ns.on("set", async |io: Io| io.set_alarm("supper", Duration::from_mins(1), ())))
            .on_alarm("supper", async |io: Io| io.log("never"))
    };
    awake_and_asleep(app, |world| {
        let [anna] = clients(world, "/");
        world.nap();
        anna.emit("set", ());
        world.redeploy(|| App::new().namespace("/", |ns| ns));
        world.advance(Duration::from_secs(61));
        let logged = world.logged();
        assert!(logged.len() == 1 && world.log_lines()[0].contains(r#""event":"supper""#), "{logged:?}");
        // It is logged once.
        world.advance(Duration::from_hours(1));
        assert_eq!(world.logged().len(), 1);
    });
}
