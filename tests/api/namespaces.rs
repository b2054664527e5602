//! Namespaces by name, by template and by predicate, and how dynamic ones begin and end.

use std::panic::catch_unwind;

use dormouse::error::EmitError;
use dormouse::socket::Handshake;
use dormouse::testing::{ConnectError, TestClient};
use dormouse::{Ack, App, Auth, Data, Failure, Io, Namespace, Socket};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::kit::{NOTHING, World, answer, awake_and_asleep, awake_and_napping, clients, gate, heard};

#[derive(Deserialize)]
struct Ticket {
    tenant: String,
}

async fn is_tenant(name: Namespace, Auth(ticket): Auth<Ticket>) -> bool {
    name.as_str() == format!("/tenants/{}", ticket.tenant)
}

async fn is_version(name: Namespace, handshake: Handshake, io: Io) -> bool {
    io.log(format!("asked for {}", name.as_str()));
    name.as_str().strip_prefix("/v").is_some_and(|n| n.parse::<u32>().is_ok()) && handshake.query_param("EIO").is_some()
}

/// An app with namespaces of all kinds, whose handlers emit their namespace's name.
fn app() -> App {
    async fn hear(socket: Socket, io: Io, Data(text): Data<String>) -> Result<Ack<usize>, EmitError> {
        io.emit("said", (io.name().as_str(), text))?;
        assert_eq!(io.name(), socket.namespace());
        Ok(Ack(io.sockets().len()))
    }
    async fn count(io: Io, Data(name): Data<String>) -> Result<Ack<usize>, Failure> {
        Ok(Ack(io.of(&name)?.sockets().len()))
    }
    App::new()
        .namespace("/", |ns| {
            ns.on("say", hear)
                .on("count", count)
                .on("names", async |io: Io| {
                    Ack(io.namespaces().iter().map(|name| name.as_str().to_owned()).collect::<Vec<_>>())
                })
                .on("tell", async |io: Io, Data((name, text)): Data<(String, String)>| {
                    io.of(&name)?.emit("told", text)?;
                    Ok::<_, Failure>(())
                })
                .on("tell children", async |io: Io, Data((template, text)): Data<(String, String)>| {
                    for child in io.children(&template) {
                        child.emit("told", &text)?;
                    }
                    Ok::<_, EmitError>(())
                })
        })
        .namespace("/dynamic-{n}", |ns| {
            ns.guard(async |socket: Socket| match socket.param("n").as_deref() {
                Some("0") => Err("there is no 0"),
                _ => Ok(()),
            })
            .on_connect(async |socket: Socket| socket.emit("hello", (socket.param("n"), socket.param("other"))))
            .on("say", hear)
        })
        .namespace("/dynamic-101", |ns| {
            ns.on_connect(async |socket: Socket| socket.emit("static", socket.param("n"))).on("say", hear)
        })
        .namespace("/files/{*path}", |ns| {
            ns.on_connect(async |socket: Socket| socket.emit("hello", socket.param("path")))
        })
        .namespaces(is_tenant, |ns| {
            ns.on_connect(async |socket: Socket| socket.emit("hello", "tenant")).on("say", hear)
        })
        .namespaces(is_version, |ns| ns.on("say", hear).on_ack("r", async |io: Io| io.emit("replied", ())))
        .on_new_namespace(async |io: Io| io.log(format!("new: {}", io.name().as_str())))
}

fn ask(client: &TestClient, event: &str, args: Value) -> Option<String> {
    answer(&client.emit_with_ack(event, (args,)))
}

fn new_ones(world: &World) -> Vec<String> {
    world.logged().iter().filter_map(|line| line.strip_prefix("new: ").map(str::to_owned)).collect()
}

#[test]
fn a_namespace_hears_only_its_own() {
    awake_and_asleep(app, |world| {
        let [anna, ben] = clients(world, "/");
        let other = anna.also_connect("/dynamic-101");
        assert_eq!(heard(&other), ["static [null]"]);
        assert_ne!(anna.id(), other.id());
        world.nap();
        assert_eq!(ask(&anna, "say", json!("hi")).as_deref(), Some("[2]"));
        assert_eq!(
            (heard(&anna), heard(&ben)),
            (vec![r#"said ["/","hi"]"#.to_owned()], vec![r#"said ["/","hi"]"#.to_owned()])
        );
        assert_eq!(heard(&other), NOTHING);
        assert_eq!(ask(&other, "say", json!("ho")).as_deref(), Some("[1]"));
        assert_eq!(heard(&other), [r#"said ["/dynamic-101","ho"]"#]);
        assert_eq!(heard(&anna), NOTHING);
    });
}

#[test]
fn a_template_takes_every_name_that_fits_and_names_its_parts() {
    awake_and_asleep(app, |world| {
        let [main] = clients(world, "/");
        world.nap();
        let seven = main.also_connect("/dynamic-7");
        assert_eq!(heard(&seven), [r#"hello ["7",null]"#]);
        let eight = world.connect("/dynamic-eight");
        assert_eq!(heard(&eight), [r#"hello ["eight",null]"#]);
        let file = world.connect("/files/a/b");
        assert_eq!(heard(&file), [r#"hello ["a/b"]"#]);
        let refused = |name: &str, message: &str| {
            let error = main.try_also_connect(name, json!({})).expect_err("not let in");
            assert_eq!(error, ConnectError { message: message.to_owned(), data: None }, "{name}");
        };
        refused("/dynamic-0", "there is no 0");
        refused("/dynamic-", "Invalid namespace");
        refused("/dynamic-1/2", "Invalid namespace");
        // Each name is a separate namespace.
        world.nap();
        assert_eq!(ask(&seven, "say", json!("hi")).as_deref(), Some("[1]"));
        assert_eq!((heard(&seven), heard(&eight).len()), (vec![r#"said ["/dynamic-7","hi"]"#.to_owned()], 0));
    });
}

#[test]
fn a_name_goes_before_templates_and_both_before_predicates() {
    awake_and_asleep(app, |world| {
        let named = world.connect("/dynamic-101");
        assert_eq!(heard(&named), ["static [null]"]);
        assert_eq!(world.logged(), NOTHING);
    });
}

#[test]
fn a_predicate_sees_name_auth_and_handshake() {
    awake_and_asleep(app, |world| {
        let [main] = clients(world, "/");
        let tenant = world.try_connect("/tenants/acme", json!({ "tenant": "acme" })).expect("its own");
        assert_eq!(heard(&tenant), [r#"hello ["tenant"]"#]);
        for (name, auth) in
            [("/tenants/acme", json!({ "tenant": "other" })), ("/tenants/acme", json!({})), ("/vx", json!({}))]
        {
            world.nap();
            let error = main.try_also_connect(name, auth).expect_err("not let in");
            assert_eq!(error.message, "Invalid namespace");
        }
        let version = main.also_connect("/v2");
        // The handlers are still those of the predicate that accepted the namespace.
        world.nap();
        assert_eq!(ask(&version, "say", json!("hi")).as_deref(), Some("[1]"));
        assert_eq!(heard(&version), [r#"said ["/v2","hi"]"#]);
        assert_eq!(ask(&tenant, "say", json!("hi")).as_deref(), Some("[1]"));
        assert_eq!(heard(&tenant), [r#"said ["/tenants/acme","hi"]"#]);
    });
}

#[test]
fn a_predicate_may_wait() {
    let app = || {
        App::new().namespace("/", |ns| ns).namespaces(
            async |name: Namespace| {
                gate("database").await;
                name.as_str() == "/known"
            },
            |ns| ns.on_connect(async |socket: Socket| socket.emit("hello", ())),
        )
    };
    awake_and_napping(app, |world| {
        let [_main] = clients(world, "/");
        world.nap();
        let [known, unknown] = ["/known", "/unknown"].map(|name| world.client().start(name).expect("a connection"));
        assert!(known.outcome().is_none() && unknown.outcome().is_none());
        world.open("database");
        assert_eq!(heard(&known.outcome().expect("an answer").expect("let in")), ["hello []"]);
        assert_eq!(unknown.outcome().expect("an answer").expect_err("refused").message, "Invalid namespace");
    });
}

#[test]
fn a_new_namespace_is_told_of_once_until_it_is_empty() {
    awake_and_asleep(app, |world| {
        let [main] = clients(world, "/");
        let first = main.also_connect("/dynamic-7");
        world.nap();
        let second = world.connect("/dynamic-7");
        let _other = main.also_connect("/v1");
        assert_eq!(new_ones(world), ["/dynamic-7", "/v1"]);
        first.disconnect();
        world.nap();
        second.close();
        // The namespace has ended with its last socket, and is new the next time.
        assert_eq!(answer(&main.emit_with_ack("names", ())).as_deref(), Some(r#"[["/","/v1"]]"#));
        world.nap();
        let _again = main.also_connect("/dynamic-7");
        assert_eq!(new_ones(world), ["/dynamic-7", "/v1", "/dynamic-7"]);
        // Namespaces that are registered by name are not reported as new.
        let _static = main.also_connect("/dynamic-101");
        assert_eq!(new_ones(world).len(), 3);
        assert_eq!(
            answer(&main.emit_with_ack("names", ())).as_deref(),
            Some(r#"[["/","/dynamic-101","/dynamic-7","/v1"]]"#)
        );
    });
}

#[test]
fn a_handler_reaches_other_namespaces() {
    awake_and_asleep(app, |world| {
        let [main] = clients(world, "/");
        let [seven, eight, version] = ["/dynamic-7", "/dynamic-8", "/v1"].map(|name| {
            let client = main.also_connect(name);
            client.take_events();
            client
        });
        world.nap();
        main.emit("tell", ("/dynamic-7", "one"));
        assert_eq!([heard(&seven), heard(&eight)], [vec![r#"told ["one"]"#.to_owned()], vec![]]);
        world.nap();
        main.emit("tell children", ("/dynamic-{n}", "all"));
        assert_eq!([heard(&seven), heard(&eight)], [[r#"told ["all"]"#]; 2]);
        assert_eq!((heard(&version).len(), heard(&main).len()), (0, 0));
        main.emit("tell children", ("no template", "nobody"));
        assert_eq!(ask(&main, "count", json!("/dynamic-8")).as_deref(), Some("[1]"));
        assert_eq!(ask(&main, "count", json!("/nobody")).as_deref(), Some("[0]"));
        let told = ask(&main, "count", json!("none")).expect("an answer");
        assert!(told.contains(r#""code":"INVALID_NAMESPACE""#), "{told}");
    });
}

#[test]
fn a_namespace_can_be_left_and_joined_again_beside_the_others() {
    awake_and_asleep(app, |world| {
        let [main] = clients(world, "/");
        let seven = main.also_connect("/dynamic-7");
        let before = seven.id();
        world.nap();
        seven.disconnect();
        assert!(main.is_connected());
        world.nap();
        let again = main.also_connect("/dynamic-7");
        assert_ne!(again.id(), before);
        assert_eq!(heard(&again), [r#"hello ["7",null]"#]);
        assert_eq!(ask(&main, "say", json!("hi")).as_deref(), Some("[1]"));
    });
}

#[test]
fn mistakes_in_names_are_met_at_start_up() {
    let clashes: [fn() -> App; 5] = [
        || App::new().namespace("chat", |ns| ns),
        || App::new().namespace("/a,b", |ns| ns),
        || App::new().namespace("/a", |ns| ns).namespace("/a", |ns| ns),
        || App::new().namespace("/a-{x}", |ns| ns).namespace("/a-{y}", |ns| ns),
        || App::new().namespace("/a-{x", |ns| ns),
    ];
    for clash in clashes {
        assert!(catch_unwind(clash).is_err());
    }
}

#[test]
fn a_client_is_in_a_thousand_namespaces_at_most() {
    let app = || App::new().namespace("/", |ns| ns).namespace("/{n}", |ns| ns);
    awake_and_asleep(app, |world| {
        // By polling, because on a WebSocket each CONNECT would store a snapshot with all namespaces so far.
        let main = world.client().polling().connect("/");
        let mut last = main.clone();
        for n in 1..1_000 {
            last = main.also_connect(&format!("/{n}"));
        }
        let error = main.try_also_connect("/1000", json!({})).expect_err("not let in");
        assert_eq!(error.message, "A connection may be in 1000 namespaces, and this one is: leave one first");
        assert_eq!(error.data, Some(json!({ "code": "TOO_MANY_NAMESPACES" })));
        last.disconnect();
        let _again = main.also_connect("/1000");
        assert!(main.is_connected());
    });
}

#[test]
fn a_client_says_so_much_auth_in_all_of_its_namespaces() {
    let app = || App::new().namespace("/", |ns| ns).namespace("/{n}", |ns| ns);
    let auth = |bytes: usize| json!({ "token": "x".repeat(bytes - r#"{"token":""}"#.len()) });
    awake_and_asleep(app, |world| {
        let main = world.connect("/");
        let joined: Vec<_> =
            (1..4).map(|n| main.try_also_connect(&format!("/{n}"), auth(16_384)).expect("let in")).collect();
        world.nap();
        let error = main.try_also_connect("/4", auth(16_384)).expect_err("not let in");
        assert_eq!(
            error.message,
            "The auth objects of all namespaces of this connection have 65538 bytes with this one, and may have 65536: leave \
             one first"
        );
        assert_eq!(error.data, Some(json!({ "code": "AUTH_TOO_LONG" })));
        assert!(main.try_also_connect("/5", auth(16_382)).is_ok(), "the two bytes of the first");
        world.nap();
        assert!(main.try_also_connect("/6", json!({})).is_err());
        joined[0].disconnect();
        assert!(main.try_also_connect("/6", json!({})).is_ok());
        assert!(main.is_connected());
    });
}

#[test]
fn every_connect_asks_the_predicate() {
    awake_and_asleep(app, |world| {
        let [main] = clients(world, "/");
        for n in 1..4 {
            world.nap();
            let _version = world.connect("/v2");
            let asked = world.logged().iter().filter(|line| *line == "asked for /v2").count();
            assert_eq!(asked, n, "also when somebody is in the namespace already");
        }
        assert!(main.is_connected());
    });
}

#[test]
fn children_are_those_of_the_template_only() {
    let app = || {
        App::new()
            .namespace("/", |ns| {
                ns.on("children", async |io: Io, Data(template): Data<String>| {
                    let names =
                        io.children(&template).iter().map(|io| io.name().as_str().to_owned()).collect::<Vec<_>>();
                    Ack((names,))
                })
            })
            .namespace("/dynamic-{n}", |ns| ns)
            .namespace("/dynamic-admin", |ns| ns)
    };
    awake_and_asleep(app, |world| {
        let [main] = clients(world, "/");
        let _others = ["/dynamic-1", "/dynamic-admin", "/dynamic-2"].map(|name| main.also_connect(name));
        world.nap();
        let children = ask(&main, "children", json!("/dynamic-{n}"));
        assert_eq!(children.as_deref(), Some(r#"[["/dynamic-1","/dynamic-2"]]"#));
    });
}

#[test]
fn a_predicate_whose_arguments_cannot_be_had_says_no_and_is_logged() {
    awake_and_asleep(app, |world| {
        let [main] = clients(world, "/");
        world.nap();
        let error = main.try_also_connect("/tenants/acme", json!({ "tenant": 7 })).expect_err("not let in");
        assert_eq!(error.message, "Invalid namespace");
        let logged = world.logged();
        assert!(logged.iter().any(|line| line.ends_with(" failed with INVALID_ARGUMENTS: auth")), "{logged:?}");
    });
}

#[test]
fn a_client_that_says_too_much_at_once_is_told_the_bound_and_stays() {
    let app = || App::new().namespace("/", |ns| ns).namespace("/{n}", |ns| ns);
    let auth = |bytes: usize| json!({ "token": "x".repeat(bytes - r#"{"token":""}"#.len()) });
    awake_and_asleep(app, |world| {
        let main = world.connect("/");
        let error = main.try_also_connect("/auth", auth(16_385)).expect_err("not let in");
        assert_eq!(error.message, "The auth object has 16385 bytes, and may have 16384");
        assert_eq!(error.data, Some(json!({ "code": "AUTH_TOO_LONG" })));
        world.nap();
        assert!(main.try_also_connect("/auth", auth(16_384)).is_ok());
        world.nap();
        let name = |bytes: usize| format!("/{}", "n".repeat(bytes - 1));
        let error = main.try_also_connect(&name(4_097), json!({})).expect_err("not let in");
        assert_eq!(error.message, "The name of the namespace has 4097 bytes, and may have 4096");
        assert_eq!(error.data, Some(json!({ "code": "NAMESPACE_NAME_TOO_LONG" })));
        world.nap();
        assert!(main.try_also_connect(&name(4_096), json!({})).is_ok());
        assert!(main.is_connected());
    });
}
