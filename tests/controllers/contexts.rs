//! The context of a message.

use dormouse::controller::{Context, Controller, Payload, Response, User};
use dormouse::{App, Failure, Io, Socket, Storage};
use serde_json::{Value, json};

use super::dialogue::*;

struct Locale(&'static str);

#[derive(Debug, PartialEq)]
struct Member(String);

#[test]
fn a_message_has_a_context_of_its_own() {
    fn app() -> App {
        let fill = async |ctx: Context| {
            assert!(ctx.state::<Locale>().is_none() && !ctx.has_user());
            ctx.set_state(Locale("de"));
            ctx.set_user(Member("Anna".to_owned()));
        };
        let web = Controller::new().hook(fill).controller("say ", Controller::new().on("it", look));
        App::new().namespace("/", |ns| ns.controller(web))
    }
    async fn look(ctx: Context, socket: Socket, io: Io, _storage: Storage) -> Response<Value> {
        assert_eq!((ctx.socket(), ctx.message_id().len()), (&socket, 12));
        assert_eq!((io.sockets().len(), ctx.message_id()), (1, ctx.clone().message_id()));
        step(ctx.message_id());
        let locale = ctx.state::<Locale>().map(|locale| locale.0);
        let user = ctx.user::<Member>().map(|user| user.0.clone());
        Response(json!([ctx.event_name(), ctx.payload::<u32>().ok(), locale, user]))
    }
    awake_and_asleep(app, |world| {
        let anna = world.connect("/");
        for _ in 0..2 {
            let data = json!(["say it", 7, "de", "Anna"]);
            assert_eq!(answer(&anna, "say it", 7), Some(json!({ "status": "ok", "data": data })));
        }
        let ids = steps();
        assert_ne!(ids[0], ids[1]);
    });
}

#[test]
fn the_user_is_an_argument() {
    fn app() -> App {
        let identify = async |ctx: Context| {
            if let Some(name) = ctx.payload::<Option<String>>().ok().flatten() {
                ctx.set_user(Member(name));
            }
        };
        let web = Controller::new()
            .hook(identify)
            .on("name", async |User(member): User<Member>| Response(member.0.clone()))
            .on("guess", async |member: Option<User<Member>>| Response(member.is_some()))
            .on("confuse", async |User(_): User<Locale>| {});
        App::new().namespace("/", |ns| ns.controller(web))
    }
    awake_and_asleep(app, |world| {
        let anna = world.connect("/");
        let ask = |event, name: Value| answer(&anna, event, name).expect("an answer");
        assert_eq!(ask("name", json!("Anna")), json!({ "status": "ok", "data": "Anna" }));
        assert_eq!(ask("name", Value::Null)["error"]["code"], "UNAUTHORIZED");
        assert_eq!(
            (ask("guess", json!("Anna"))["data"].take(), ask("guess", json!(7))["data"].take()),
            (json!(true), json!(false))
        );
        let told = ask("confuse", json!("Anna"));
        assert_eq!(told["error"]["code"], Failure::INTERNAL);
        assert!(!told.to_string().contains("Locale"), "{told}");
        assert!(world.log_lines().pop().expect("a line").contains("Locale"));
    });
}

#[test]
fn a_client_that_sent_only_a_callback_has_no_payload() {
    fn app() -> App {
        let web = Controller::new()
            .on("read", async |Payload(payload): Payload<Option<u32>>| Response(payload))
            .on("need", async |Payload(payload): Payload<u32>| Response(payload));
        App::new().namespace("/", |ns| ns.controller(web))
    }
    awake_and_asleep(app, |world| {
        let anna = world.connect("/");
        let parsed = |event, args: dormouse::Args| {
            anna.emit_with_ack(event, args).args().expect("an acknowledgement").parse::<Value>().unwrap()
        };
        let none = dormouse::Args::new;
        assert_eq!(parsed("read", none()), json!({ "status": "ok", "data": null }));
        assert_eq!(parsed("need", none())["error"]["code"], "INVALID_ARGUMENTS");
        // Further arguments are ignored.
        let mut three = dormouse::Args::one(&5).unwrap();
        three.push(&6).unwrap();
        three.push_binary(vec![1]);
        assert_eq!(parsed("need", three), json!({ "status": "ok", "data": 5 }));
    });
}

#[test]
fn a_hook_may_replace_the_payload() {
    fn app() -> App {
        let add = async |ctx: Context| Ok::<_, Failure>(ctx.set_payload(&(ctx.payload::<u32>()? + 1))?);
        let web = Controller::new().hook(add).on("say", async |Payload(number): Payload<u32>| Response(number));
        App::new().namespace("/", |ns| ns.controller(web))
    }
    awake_and_asleep(app, |world| {
        assert_eq!(answer(&world.connect("/"), "say", 1), Some(json!({ "status": "ok", "data": 2 })));
    });
}

#[test]
fn handlers_of_connections_share_the_context_of_the_connect() {
    fn app() -> App {
        let look = async |ctx: Context| {
            step(format!("{:?} {}", ctx.state::<u32>().map(|state| *state), ctx.user::<Member>().is_some()));
            match ctx.socket().handshake().and_then(|request| request.query_param("refuse")) {
                Some(_) => Err(Failure::new("NO", "no")),
                None => Ok(()),
            }
        };
        let prepare = async |ctx: Context| {
            assert!(ctx.state::<u32>().is_none(), "each CONNECT has a context of its own");
            ctx.set_state(7_u32);
            ctx.set_user(Member("Anna".to_owned()));
            dormouse::sleep(core::time::Duration::from_secs(1)).await;
        };
        let deep = Controller::new().on_connection(look);
        let web = Controller::new()
            .controller("", Controller::new().controller("", deep))
            .on_connection(prepare)
            .on("look", async |ctx: Context| Response(ctx.state::<u32>().is_some()));
        App::new().namespace("/", |ns| ns.controller(web))
    }
    awake_and_asleep(app, |world| {
        let refused = world.client().query("refuse", "1").start("/").expect("a connection");
        world.advance(core::time::Duration::from_secs(1));
        assert!(refused.outcome().is_some_and(|outcome| outcome.is_err()));
        let (ben, cleo) = (world.client().start("/").expect("one"), world.client().start("/").expect("another"));
        world.advance(core::time::Duration::from_secs(1));
        assert_eq!(steps(), ["Some(7) true"; 3]);
        let [ben, _] = [ben, cleo].map(|client| client.outcome().expect("an outcome").expect("joined"));
        assert_eq!(answer(&ben, "look", 1), Some(json!({ "status": "ok", "data": false })));
    });
}

#[test]
fn what_a_handler_of_connections_wrote_that_refuses_is_undone() {
    fn app() -> App {
        let write = |key: &'static str| {
            move |storage: Storage, socket: Socket| async move {
                storage.put(key, &1)?;
                match socket.handshake().and_then(|request| request.query_param("refused by")) {
                    Some(by) if by == key => Err(Failure::new("NO", "no")),
                    _ => Ok(()),
                }
            }
        };
        let web = Controller::new()
            .controller("", Controller::new().on_connection(write("inner")))
            .on_connection(write("outer"));
        let take = async |storage: Storage| {
            let keys = storage.keys("")?;
            storage.delete_all()?;
            Ok::<_, Failure>(Response(keys))
        };
        let watch = Controller::new().on("take", take);
        App::new().namespace("/", |ns| ns.controller(web)).namespace("/watch", |ns| ns.controller(watch))
    }
    awake_and_asleep(app, |world| {
        let watch = world.connect("/watch");
        for (refused_by, kept) in [("inner", json!(["outer"])), ("outer", json!([]))] {
            assert!(world.client().query("refused by", refused_by).try_connect("/",).is_err());
            assert_eq!(answer(&watch, "take", 1), Some(json!({ "status": "ok", "data": kept })));
        }
    });
}
