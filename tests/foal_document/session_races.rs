//! Sessions of which several messages are handled at a time, or whose messages fail.

use core::time::Duration;

use dormouse::controller::{Context, Controller, ErrorResponse, Response};
use dormouse::extract::Json;
use dormouse::internal::stored_keys;
use dormouse::response::HttpResponse;
use dormouse::session::{Session, SessionOptions, Sessions, TokenSource, forward_http_session, use_sessions};
use dormouse::testing::{TestClient, TestWorld, TestWorlds};
use dormouse::{App, Failure};
use serde_json::{Value, json};

use super::{ask, awake_and_asleep, ok};

fn web() -> Controller {
    Controller::new()
        .hook(use_sessions())
        .on("sign in", async |session: Session| session.set_user_id("Anna"))
        .on("who", async |session: Session| Ok::<_, Failure>(Response(session.user_id::<String>()?)))
        .on("id", async |session: Session| Response(session.id().to_string()))
        .on("put", async |session: Session, ctx: Context| session.set("key", &ctx.payload::<Value>()?))
        .on("get", async |session: Session| Ok::<_, Failure>(Response(session.get::<Value>("key")?)))
        .on("flash", async |session: Session| session.flash("key", "once"))
        .on("remove", async |session: Session| session.remove("key"))
        .on("regenerate", async |session: Session| session.regenerate())
        .on("log out", async |session: Session| session.destroy().await)
        .on("slow read", async |_: Session| slow().await)
        .on("slow put", async |session: Session| {
            slow().await;
            session.set("seen", &1)
        })
        .on("slow regenerate", async |session: Session| {
            slow().await;
            session.regenerate();
        })
        .on("slow log out", async |session: Session| {
            slow().await;
            session.destroy().await
        })
        .on("too large", async |session: Session| {
            slow().await;
            session.regenerate();
            session.set("large", &"x".repeat(70_000))
        })
        .on("fail", async |session: Session| wrong(&session))
        .on("refuse", async |session: Session| match count(&session) {
            Ok(count) => ErrorResponse(count),
            Err(_) => ErrorResponse(0),
        })
        .on("fail and keep", async |session: Session| {
            let count = count(&session)?;
            session.commit().await?;
            Err::<(), _>(Failure::new("WRONG_PASSWORD", format!("{count}")))
        })
        .on("fail and log out", async |session: Session| {
            session.destroy().await?;
            wrong(&session)
        })
}

async fn slow() {
    dormouse::sleep(Duration::from_secs(5)).await;
}

fn count(session: &Session) -> Result<u32, Failure> {
    let count = session.get::<u32>("count")?.unwrap_or_default() + 1;
    session.set("count", &count)?;
    Ok(count)
}

fn wrong(session: &Session) -> Result<(), Failure> {
    Err(Failure::new("WRONG_PASSWORD", format!("{}", count(session)?)))
}

fn alone() -> App {
    App::new().with_sessions(SessionOptions::new()).namespace("/", |ns| ns.controller(web()))
}

fn shared() -> App {
    App::new().with_sessions(SessionOptions::new().shared_in("sessions")).namespace("/", |ns| ns.controller(web()))
}

/// Runs a dialogue in a world with its own sessions, awake and with naps, and in one whose sessions another world has.
fn everywhere(dialogue: fn(&TestWorld, &TestClient, &TestWorld)) {
    awake_and_asleep(alone, |world| dialogue(world, &world.connect("/"), world));
    let worlds = TestWorlds::new(shared);
    let world = worlds.world("red");
    dialogue(&world, &world.connect("/"), &worlds.world("sessions"));
}

const SLOW: Duration = Duration::from_secs(6);

fn rows(world: &TestWorld) -> usize {
    stored_keys(world, "session:row:").len()
}

#[test]
fn a_slow_message_does_not_undo_a_logout() {
    everywhere(|world, anna, sessions| {
        ask(anna, "sign in", ());
        let id = ask(anna, "id", ());
        anna.emit("slow put", ());
        anna.emit("slow regenerate", ());
        ask(anna, "log out", ());
        assert_eq!(rows(sessions), 0);
        world.advance(SLOW);
        assert_eq!((rows(sessions), ask(anna, "who", ())), (0, Some(ok(Value::Null))));
        assert_ne!(ask(anna, "id", ()), id);
    });
}

#[test]
fn a_slow_message_does_not_undo_a_new_id() {
    everywhere(|world, anna, sessions| {
        ask(anna, "sign in", ());
        let old = ask(anna, "id", ());
        anna.emit("slow put", ());
        ask(anna, "regenerate", ());
        let new = ask(anna, "id", ());
        assert_ne!(old, new);
        world.advance(SLOW);
        assert_eq!((ask(anna, "id", ()), ask(anna, "who", ()), rows(sessions)), (new, Some(ok("Anna")), 1));
    });
}

#[test]
fn a_new_id_does_not_undo_a_slow_logout() {
    everywhere(|world, anna, sessions| {
        ask(anna, "sign in", ());
        anna.emit("slow log out", ());
        ask(anna, "regenerate", ());
        world.advance(SLOW);
        assert_eq!((rows(sessions), ask(anna, "who", ())), (0, Some(ok(Value::Null))));
    });
}

#[test]
fn first_messages_at_a_time_have_one_session() {
    everywhere(|world, anna, sessions| {
        anna.emit("slow put", ());
        anna.emit("slow read", ());
        ask(anna, "sign in", ());
        assert_eq!(ask(anna, "who", ()), Some(ok("Anna")));
        world.advance(SLOW);
        assert_eq!((ask(anna, "who", ()), rows(sessions)), (Some(ok("Anna")), 1));
    });
}

#[test]
fn a_message_writes_only_what_it_has_changed() {
    everywhere(|world, anna, _| {
        ask(anna, "put", 1);
        // The use of the session is due to be written.
        world.advance(Duration::from_mins(2));
        for slow in ["slow read", "slow put"] {
            anna.emit(slow, ());
        }
        ask(anna, "put", 2);
        world.advance(SLOW);
        assert_eq!(ask(anna, "get", ()), Some(ok(2)));
        // So does one that forgets the values that were for it only.
        ask(anna, "flash", ());
        anna.emit("slow read", ());
        ask(anna, "remove", ());
        world.advance(SLOW);
        assert_eq!(ask(anna, "get", ()), Some(ok(Value::Null)));
    });
}

#[test]
fn a_message_that_fails_changes_nothing_but_what_it_commits() {
    everywhere(|_, anna, sessions| {
        let counts = |event: &str| {
            [(); 2].map(|()| {
                let mut answer = ask(anna, event, ()).expect("an answer");
                answer["error"].take().as_object_mut().map_or(answer["error"].take(), |error| error["message"].take())
            })
        };
        assert_eq!(counts("fail"), ["1", "1"]);
        assert_eq!(counts("fail and keep"), ["1", "2"]);
        // A refusal is no failure.
        let refusals = [(); 2].map(|()| ask(anna, "refuse", ()).expect("an answer")["error"].take());
        assert_eq!(refusals, [3, 4]);
        ask(anna, "fail and log out", ());
        assert_eq!(rows(sessions), 0);
        assert_eq!(counts("fail"), ["1", "1"]);
    });
}

#[test]
fn a_session_that_is_too_large_keeps_what_was_stored() {
    everywhere(|world, anna, sessions| {
        ask(anna, "sign in", ());
        let id = ask(anna, "id", ());
        let answer = anna.emit_with_ack("too large", ());
        world.advance(SLOW);
        let answer = answer.args().expect("an answer").parse::<Value>().expect("JSON");
        assert_eq!(answer["error"]["code"], "SESSION_TOO_LARGE", "{answer}");
        assert_eq!((ask(anna, "id", ()), ask(anna, "who", ()), rows(sessions)), (id, Some(ok("Anna")), 1));
    });
}

#[test]
fn new_ids_do_not_lengthen_a_session() {
    awake_and_asleep(alone, |world| {
        let anna = world.connect("/");
        ask(&anna, "sign in", ());
        for _ in 1..7 * 24 * 6 {
            world.advance(Duration::from_mins(10));
            ask(&anna, "regenerate", ());
        }
        assert_eq!(ask(&anna, "who", ()), Some(ok("Anna")));
        world.advance(Duration::from_mins(10));
        assert_eq!(ask(&anna, "who", ()).expect("an answer")["error"]["body"]["code"], "invalid_token");
    });
}

#[test]
fn what_a_handler_of_connections_changes_is_kept() {
    async fn join(ctx: Context, sessions: Sessions) -> Result<(), Failure> {
        forward_http_session(&ctx, &sessions, TokenSource::Bearer).await?;
        let Some(session) = ctx.session() else { return Ok(()) };
        session.regenerate();
        session.set("key", "seen")?;
        let is_refused = session.get::<bool>("refused")?.unwrap_or_default();
        if is_refused { Err(Failure::new("REFUSED", "not you")) } else { session.set("refused", &true) }
    }
    fn app() -> App {
        let log_in = async |sessions: Sessions| {
            let session = sessions.create().await?;
            session.set_user_id("Anna")?;
            session.commit().await?;
            Ok::<_, Failure>(HttpResponse::text(200, &*session.id()))
        };
        App::new()
            .with_sessions(SessionOptions::new().auth_key("session"))
            .route("POST", "/login", log_in)
            .namespace("/", |ns| ns.controller(web().on_connection(join)))
    }
    awake_and_asleep(app, |world| {
        let id = world.request("POST", "/login", "").body_text().into_owned();
        let anna = world.client().auth(json!({ "session": id })).connect("/");
        let new = ask(&anna, "id", ()).expect("an answer")["data"].take();
        assert_ne!(new, id);
        assert_eq!((ask(&anna, "get", ()), ask(&anna, "who", ())), (Some(ok("seen")), Some(ok("Anna"))));
        // A client that is refused changes nothing, and a JSON Web Token is at another place.
        assert!(world.client().auth(json!({ "session": new })).try_connect("/").is_err());
        assert_eq!(ask(&anna, "id", ()), Some(ok(new)));
        let other = world.client().auth(json!({ "token": "another" })).connect("/");
        assert_eq!(ask(&other, "who", ()), Some(ok(Value::Null)));
    });
}

#[test]
fn ended_sessions_of_many_bytes_are_swept() {
    let world = TestWorld::new(alone);
    for asleep in [false, true] {
        for _ in 0..300 {
            let client = world.connect("/");
            ask(&client, "put", "x".repeat(60_000));
            client.disconnect();
        }
        assert_eq!(rows(&world), 300);
        if asleep {
            world.sleep();
        }
        world.advance(Duration::from_hours(1));
        assert_eq!((stored_keys(&world, ""), world.log()), (Vec::new(), Vec::new()));
    }
}

#[test]
fn a_socket_that_is_gone_leaves_no_row() {
    let worlds = TestWorlds::new(shared);
    let red = worlds.world("red");
    for _ in 0..5 {
        let client = red.connect("/");
        ask(&client, "put", 1);
        client.disconnect();
    }
    assert_eq!((stored_keys(&red, ""), rows(&worlds.world("sessions"))), (Vec::<String>::new(), 5));
}

#[test]
fn handlers_of_errors_and_connections_have_the_session() {
    fn app() -> App {
        async fn join(session: Option<Session>) -> Result<(), Failure> {
            session.map_or(Ok(()), |_| Err(Failure::new("SESSION", "a client that connects has no session yet")))
        }
        async fn told(session: Session, failure: Failure) -> Result<Response<String>, Failure> {
            session.set("count", &7)?;
            session.commit().await?;
            Ok(Response(failure.to_string()))
        }
        let web = Controller::new().controller("", web()).on_connection(join).handle_error(told);
        App::new().with_sessions(SessionOptions::new()).namespace("/", |ns| ns.controller(web))
    }
    awake_and_asleep(app, |world| {
        let anna = world.connect("/");
        assert_eq!(ask(&anna, "fail", ()).expect("an answer")["status"], "ok");
        assert_eq!(ask(&anna, "refuse", ()).expect("an answer")["error"], 8);
    });
}

#[test]
fn visitors_make_room_for_others_and_users_do_not() {
    fn app() -> App {
        let fill = async |sessions: Sessions, Json(user): Json<Option<String>>| {
            for _ in 0..10_000 {
                let session = sessions.create().await?;
                if let Some(user) = &user {
                    session.set_user_id(user)?;
                    session.commit().await?;
                }
            }
            Ok::<_, Failure>(HttpResponse::empty(204))
        };
        alone().route("POST", "/fill", fill)
    }
    let world = TestWorld::new(app);
    let anna = world.connect("/");
    ask(&anna, "sign in", ());
    assert_eq!(world.request("POST", "/fill", "null").status, 204);
    world.sleep();
    // A hundred at once, those that were used least recently; no user is among them.
    assert_eq!(rows(&world), 9_901);
    assert_eq!(ask(&anna, "who", ()), Some(ok("Anna")));
    assert_eq!(world.request("POST", "/fill", r#""Ben""#).status, 500);
    assert_eq!((rows(&world), stored_keys(&world, "session:visit:")), (10_000, Vec::new()));
    let code = || ask(&world.connect("/"), "who", ()).expect("an answer")["error"]["code"].take();
    assert_eq!(code(), "TOO_MANY_SESSIONS");
    // When they have ended, there is room again.
    world.advance(Duration::from_mins(20));
    assert_eq!(code(), Value::Null);
    world.advance(Duration::from_hours(1));
    assert_eq!(rows(&world), 0);
}
