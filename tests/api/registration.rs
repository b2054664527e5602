//! `Routes`: which handlers are called, and in which order.

use dormouse::error::EmitError;
use dormouse::extract::EventName;
use dormouse::response::AckSender;
use dormouse::routing::Routes;
use dormouse::testing::TestWorld;
use dormouse::{Ack, App, Args, Data, Io, Socket};

use crate::kit::{NOTHING, answer, awake_and_asleep, clients, heard};

/// A handler that emits `called` with its name to its socket.
macro_rules! tells {
    ($name:literal) => {
        async |socket: Socket| socket.emit("called", $name)
    };
}

#[test]
fn several_handlers_are_called_in_order() {
    let app = || {
        App::new()
            .namespace("/", |ns| ns.on("x", tells!("first")).on("y", tells!("other")).on("x", tells!("second")))
            .namespace("/none", |ns| ns)
    };
    awake_and_asleep(app, |world| {
        let [anna] = clients(world, "/");
        world.nap();
        anna.emit("x", ());
        assert_eq!(heard(&anna), [r#"called ["first"]"#, r#"called ["second"]"#]);
        anna.emit("y", 7);
        assert_eq!(heard(&anna), [r#"called ["other"]"#]);
        anna.emit("z", ());
        assert_eq!(heard(&anna), NOTHING);
    });
}

#[test]
fn the_first_answer_is_the_acknowledgement() {
    let app = || {
        App::new().namespace("/", |ns| {
            ns.on_any(async || None::<Ack<u32>>)
                .on("x", async |ack: AckSender| assert!(ack.is_wanted(), "nobody answered yet"))
                .on("x", async || Ack(1))
                .on("x", async |ack: AckSender| {
                    assert!(!ack.is_wanted(), "somebody has answered");
                    ack.send(2)
                })
                .on("x", async || Ack(3))
        })
    };
    awake_and_asleep(app, |world| {
        let [anna] = clients(world, "/");
        world.nap();
        let ack = anna.emit_with_ack("x", ());
        assert_eq!(answer(&ack).as_deref(), Some("[1]"));
        assert_eq!(world.logged(), NOTHING);
    });
}

#[test]
fn once_is_once_for_each_socket() {
    let app = || {
        App::new().namespace("/", |ns| ns.once("x", tells!("once")).on("x", tells!("always")).once("y", tells!("y")))
    };
    awake_and_asleep(app, |world| {
        let [anna, ben] = clients(world, "/");
        anna.emit("x", ());
        assert_eq!(heard(&anna), [r#"called ["once"]"#, r#"called ["always"]"#]);
        for _ in 0..2 {
            world.nap();
            anna.emit("x", ());
            assert_eq!(heard(&anna), [r#"called ["always"]"#]);
        }
        anna.emit("y", ());
        assert_eq!(heard(&anna), [r#"called ["y"]"#]);
        ben.emit("x", ());
        assert_eq!(heard(&ben), [r#"called ["once"]"#, r#"called ["always"]"#]);
        // A client that connects again is a new socket.
        anna.close();
        world.nap();
        let [again] = clients(world, "/");
        again.emit("x", ());
        assert_eq!(heard(&again), [r#"called ["once"]"#, r#"called ["always"]"#]);
    });
}

#[test]
fn catch_all_handlers_come_first_and_have_an_order() {
    async fn any(socket: Socket, EventName(name): EventName, args: Args) -> Result<(), EmitError> {
        socket.emit("any", (&*name, args.to_json()))
    }
    let app = || {
        App::new().namespace("/", |ns| {
            ns.on("x", tells!("own")).on_any(any).on_any(tells!("last of any")).prepend_any(tells!("first of any"))
        })
    };
    awake_and_asleep(app, |world| {
        let [anna] = clients(world, "/");
        world.nap();
        anna.emit("x", (1, "two"));
        let any = [r#"called ["first of any"]"#, r#"any ["x","[1,\"two\"]"]"#, r#"called ["last of any"]"#];
        assert_eq!(heard(&anna), [any[0], any[1], any[2], r#"called ["own"]"#]);
        // They are also called for events without a handler.
        anna.emit("unknown", ());
        assert_eq!(heard(&anna), [any[0], r#"any ["unknown","[]"]"#, any[2]]);
    });
}

#[test]
fn acknowledgements_are_not_caught_by_catch_all_handlers() {
    let app = || {
        App::new().namespace("/", |ns| {
            ns.on_any(async |io: Io, EventName(name): EventName| io.log(&*name)).on("ask", async |socket: Socket| {
                let answer: u32 = socket.emit_with_ack("how many?", ()).await.expect("an answer");
                socket.emit("so many", answer)
            })
        })
    };
    awake_and_asleep(app, |world| {
        let [anna] = clients(world, "/");
        anna.emit("ask", ());
        let event = anna.next_event().expect("a question");
        anna.ack(&event, 7);
        assert_eq!(heard(&anna), ["so many [7]"]);
        assert_eq!(world.logged(), ["ask"]);
    });
}

#[test]
fn the_fallback_hears_what_has_no_handler() {
    let app = || {
        App::new().namespace("/", |ns| {
            ns.on("x", tells!("own")).fallback(async |socket: Socket, EventName(name): EventName, args: Args| {
                socket.emit("fallback", &*name)?;
                Ok::<_, EmitError>(Ack(args))
            })
        })
    };
    awake_and_asleep(app, |world| {
        let [anna] = clients(world, "/");
        world.nap();
        anna.emit("x", ());
        let ack = anna.emit_with_ack("y", (1, 2));
        assert_eq!(heard(&anna), [r#"called ["own"]"#, r#"fallback ["y"]"#]);
        assert_eq!(answer(&ack).as_deref(), Some("[1,2]"));
    });
}

#[test]
fn what_was_registered_can_be_taken_back() {
    fn shared(ns: Routes) -> Routes {
        ns.on("x", tells!("shared")).on("y", tells!("shared")).on_any(tells!("any")).on_any_outgoing(async |io: Io| {
            io.log("outgoing");
        })
    }
    let app = || {
        App::new()
            .namespace("/", |ns| shared(ns).off("x").off_any().off_any_outgoing().on("x", tells!("own")))
            .namespace("/shared", |ns| shared(ns).off("y"))
    };
    awake_and_asleep(app, |world| {
        let [anna] = clients(world, "/");
        world.nap();
        anna.emit("x", ());
        anna.emit("y", ());
        assert_eq!(heard(&anna), [r#"called ["own"]"#, r#"called ["shared"]"#]);
        assert_eq!(world.logged(), NOTHING);
        let [ben] = clients(world, "/shared");
        ben.emit("y", ());
        assert_eq!(heard(&ben), [r#"called ["any"]"#]);
        assert_eq!(world.logged(), ["outgoing"]);
    });
}

/// The app is built again at every wake, and the lists are the same each time.
#[test]
fn what_is_registered_can_be_listed() {
    fn look(ns: Routes) -> Routes {
        let ns = ns.on("x", tells!("x")).once("a", tells!("a")).on("x", tells!("x")).on_any(tells!("any"));
        let ns = ns.prepend_any(tells!("any")).on_any_outgoing(async || ()).prepend_any_outgoing(async || ());
        assert_eq!(ns.event_names().collect::<Vec<_>>(), ["a", "x"]);
        assert_eq!((ns.listeners_any(), ns.listeners_any_outgoing()), (2, 2));
        let ns = ns.off_any().off_any_outgoing().off("x");
        assert_eq!(ns.event_names().collect::<Vec<_>>(), ["a"]);
        assert_eq!((ns.listeners_any(), ns.listeners_any_outgoing()), (0, 0));
        let names = ns.event_names().collect::<Vec<_>>().join(" ");
        ns.on("names", move || {
            let names = names.clone();
            async move { Ack(names) }
        })
    }
    awake_and_asleep(
        || App::new().namespace("/", look),
        |world| {
            let [anna] = clients(world, "/");
            world.nap();
            assert_eq!(answer(&anna.emit_with_ack("names", ())).as_deref(), Some(r#"["a"]"#));
        },
    );
}

#[test]
#[should_panic(expected = "keeps the event name \"connect\" for itself")]
fn a_reserved_event_has_no_handler() {
    let _ = TestWorld::new(|| App::new().namespace("/", |ns| ns.once("connect", async || ()))).connect("/");
}

#[test]
#[should_panic(expected = "the namespace has two fallbacks")]
fn a_namespace_has_one_fallback() {
    let _ = App::new().namespace("/", |ns| ns.fallback(async || ()).fallback(async || ()));
}

#[test]
#[should_panic(expected = "`on_ack` has two handlers named \"x\"")]
fn an_acknowledgement_has_one_handler() {
    let _ = App::new().namespace("/", |ns| ns.on_ack("x", async || ()).on_ack("x", async || ()));
}

#[test]
#[should_panic(expected = "the alarm \"x\" cannot have this handler")]
fn an_alarm_has_one_handler() {
    let _ = App::new().on_alarm("x", async || ()).on_alarm("x", async || ());
}

#[test]
fn arguments_may_be_had_as_often_and_in_any_order_as_one_likes() {
    async fn args_first(args: Args, Data(s): Data<String>) -> Ack<(String, String)> {
        Ack((args.to_json(), s))
    }
    async fn data_first(Data(s): Data<String>, args: Args) -> Ack<(String, String)> {
        Ack((args.to_json(), s))
    }
    async fn twice(first: Args, second: Args, Data((s, n)): Data<(String, u32)>) -> Ack<(bool, String, u32)> {
        Ack((first == second, s, n))
    }
    let app = || {
        App::new()
            .namespace("/", |ns| ns.on("a", args_first).on("b", data_first).on("c", twice))
            // Also after packet middleware has extracted them.
            .namespace("/guarded", |ns| {
                ns.guard_event(async |_: Args, _: Args, Data(s): Data<String>| assert_eq!(s, "s"))
                    .on_any(async |_: Args, Data(_): Data<String>| ())
                    .on("a", args_first)
                    .on("b", data_first)
                    .on("c", twice)
            })
    };
    awake_and_asleep(app, |world| {
        for namespace in ["/", "/guarded"] {
            let [anna] = clients(world, namespace);
            for event in ["a", "b"] {
                world.nap();
                let told = answer(&anna.emit_with_ack(event, ("s", 1)));
                assert_eq!(told.as_deref(), Some(r#"["[\"s\",1]","s"]"#), "{namespace} {event}");
            }
            world.nap();
            assert_eq!(answer(&anna.emit_with_ack("c", ("s", 1))).as_deref(), Some(r#"[true,"s",1]"#), "{namespace}");
        }
        assert_eq!(world.logged(), NOTHING);
    });
}

/// `removeAllListeners()`: removes the handlers of events and the fallback, and keeps the others.
#[test]
fn all_events_can_be_taken_back_at_once() {
    let app = || {
        App::new().namespace("/", |ns| {
            ns.on("a", async || Ack("a"))
                .fallback(async || Ack("other"))
                .on_connect(async |io: Io| io.log("connected"))
                .off_all()
                .on("b", async || Ack("b"))
        })
    };
    awake_and_asleep(app, |world| {
        let [anna] = clients(world, "/");
        assert_eq!(world.logged(), ["connected"]);
        world.nap();
        assert_eq!(answer(&anna.emit_with_ack("a", ())), None);
        assert_eq!(answer(&anna.emit_with_ack("c", ())), None);
        assert_eq!(answer(&anna.emit_with_ack("b", ())).as_deref(), Some(r#"["b"]"#));
    });
}
