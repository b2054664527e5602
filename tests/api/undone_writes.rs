//! A handler that fails or panics before it waits leaves no write behind.

use core::time::Duration;

use dormouse::extract::HttpRequest;
use dormouse::response::HttpResponse;
use dormouse::testing::TestClient;
use dormouse::{Ack, App, Data, Failure, Io, Socket, Storage};
use serde_json::{Value, json};

use crate::kit::{World, answer, awake_and_asleep, awake_and_napping, clients, gate, heard};

const MINUTE: Duration = Duration::from_mins(1);

/// How a handler ends.
#[derive(Clone, Copy)]
pub(crate) enum End {
    Well,
    Fails,
    Panics,
}

impl End {
    pub(crate) fn of(name: &str) -> Self {
        match name {
            "fails" => Self::Fails,
            "panics" => Self::Panics,
            _ => Self::Well,
        }
    }

    pub(crate) fn end(self) -> Result<(), Failure> {
        match self {
            Self::Well => Ok(()),
            Self::Fails => Err(Failure::new("WANTED", "the handler fails")),
            Self::Panics => panic!("the handler panics"),
        }
    }
}

/// Writes twice over what [`prepare`] wrote, deletes, adds, sets one alarm and clears another.
pub(crate) fn write(io: &Io) -> Result<(), Failure> {
    let storage = io.storage();
    storage.put("kept", &1)?;
    storage.put("kept", &2)?;
    storage.delete("deleted")?;
    storage.put("deleted", &3)?;
    storage.delete("deleted")?;
    storage.put("added", &4)?;
    io.set_alarm("moved", 9 * MINUTE, "new")?;
    io.set_alarm("moved", 8 * MINUTE, "newer")?;
    io.set_alarm("added", 9 * MINUTE, "new")?;
    io.clear_alarm("cleared")
}

pub(crate) fn prepare(io: &Io) -> Result<(), Failure> {
    let storage = io.storage();
    storage.put("kept", "old")?;
    storage.put("deleted", "old")?;
    storage.delete("added")?;
    io.set_alarm("moved", 5 * MINUTE, "old")?;
    io.set_alarm("cleared", 5 * MINUTE, "old")?;
    io.clear_alarm("added")
}

/// Returns everything that [`prepare`] and [`write`] write.
pub(crate) fn all(io: &Io) -> Result<Value, Failure> {
    let minutes = |name| io.alarm(name).map(|at| at.since(io.now()).as_secs().div_ceil(60));
    let value = |key| io.storage().get::<Value>(key);
    Ok(json!([
        value("kept")?,
        value("deleted")?,
        value("added")?,
        minutes("moved"),
        minutes("cleared"),
        minutes("added")
    ]))
}

pub(crate) fn old() -> Value {
    json!(["old", "old", null, 5, 5, null])
}

pub(crate) fn new() -> Value {
    json!([2, null, 4, 8, null, 9])
}

pub(crate) fn with_alarms(app: App) -> App {
    ["moved", "cleared", "added"].into_iter().fold(app, |app, name| app.on_alarm(name, async || ()))
}

pub(crate) fn ask(client: &TestClient, event: &str, args: impl dormouse::value::IntoArgs) -> Value {
    let told = answer(&client.emit_with_ack(event, args)).expect("an answer");
    let values: Vec<Value> = serde_json::from_str(&told).expect("JSON");
    values.into_iter().next().unwrap_or_default()
}

pub(crate) fn code(told: &Value) -> Option<&str> {
    told["error"]["code"].as_str()
}

/// The namespace `/` prepares and looks; the others write in handlers of every kind, and end as their names say.
fn every_kind() -> App {
    fn ends(io: &Io) -> Result<(), Failure> {
        write(io)?;
        End::of(io.name().as_str().rsplit('-').next().unwrap_or_default()).end()
    }
    async fn socket_ends(io: Io) -> Result<(), Failure> {
        ends(&io)
    }
    async fn route_ends(io: Io, request: HttpRequest) -> Result<HttpResponse, Failure> {
        write(&io)?;
        End::of(request.param("how").unwrap_or_default()).end()?;
        Ok(HttpResponse::empty(204))
    }
    async fn error_ends(io: Io) {
        let _ = ends(&io);
    }
    let app = App::new()
        .namespace("/", |ns| {
            ns.on("prepare", async |io: Io| prepare(&io))
                .on("all", async |io: Io| all(&io).map(Ack))
                .on("alarm", async |io: Io, Data(name): Data<String>| io.set_alarm(&name, MINUTE / 60, ()))
        })
        .namespaces(
            async |io: Io| {
                let is_it = io.name().as_str().starts_with("/predicate-");
                if is_it {
                    ends(&io)?;
                }
                Ok::<_, Failure>(is_it)
            },
            |ns| ns,
        )
        .namespace("/guard-{how}", |ns| ns.guard(socket_ends))
        .namespace("/connect-{how}", |ns| ns.on_connect(socket_ends))
        .namespace("/on-{how}", |ns| ns.on("go", socket_ends))
        .namespace("/any-{how}", |ns| ns.on_any(socket_ends))
        .namespace("/event-{how}", |ns| ns.guard_event(socket_ends).on("go", async || Ack(1)))
        .namespace("/outgoing-{how}", |ns| {
            ns.on_any_outgoing(socket_ends).on("go", async |socket: Socket| socket.emit("out", ()))
        })
        .namespace("/disconnect-{how}", |ns| ns.on_disconnect(socket_ends))
        .namespace("/error-{how}", |ns| ns.on_error(error_ends).on("go", async || End::Fails.end()))
        .namespace("/ack-{how}", |ns| {
            ns.on_ack("asked", socket_ends).on("go", async |socket: Socket| socket.ack_to("asked", ()).emit("q", ()))
        })
        .on_new_namespace(async |io: Io| if io.name().as_str().starts_with("/new-") { ends(&io) } else { Ok(()) })
        .namespace("/new-{how}", |ns| ns)
        .on_alarm("fails", async |io: Io| write(&io).and_then(|()| End::Fails.end()))
        .on_alarm("panics", async |io: Io| write(&io).and_then(|()| End::Panics.end()))
        .on_alarm("well", async |io: Io| write(&io))
        .route("POST", "/go/{how}", route_ends);
    with_alarms(app)
}

/// Makes handlers of one kind write and end as `how` says.
fn go(world: &World, anna: &TestClient, kind: &str, how: &str) {
    let namespace = format!("/{kind}-{how}");
    match kind {
        "alarm" => {
            anna.emit("alarm", how);
            world.nap();
            world.advance(MINUTE / 60);
        }
        "route" => {
            let status = world.request("POST", &format!("/go/{how}"), "").status;
            assert_eq!(status, if how == "well" { 204 } else { 500 });
        }
        _ => {
            let Ok(ben) = world.try_connect(&namespace, json!({})) else { return };
            world.nap();
            match kind {
                "disconnect" => ben.close(),
                "ack" => {
                    ben.emit("go", ());
                    let asked = ben.next_event().expect("a question");
                    world.nap();
                    ben.ack(&asked, ());
                }
                _ => ben.emit("go", ()),
            }
        }
    }
}

const KINDS: [&str; 13] = [
    "predicate",
    "guard",
    "connect",
    "on",
    "any",
    "event",
    "outgoing",
    "disconnect",
    "error",
    "ack",
    "new",
    "alarm",
    "route",
];

#[test]
fn a_handler_that_fails_or_panics_leaves_no_write_behind() {
    for kind in KINDS {
        awake_and_asleep(every_kind, |world| {
            let [anna] = clients(world, "/");
            anna.emit("prepare", ());
            assert_eq!(ask(&anna, "all", ()), old());
            for how in ["fails", "panics"] {
                // A handler of errors returns none.
                if (kind, how) != ("error", "fails") {
                    go(world, &anna, kind, how);
                    assert_eq!(ask(&anna, "all", ()), old(), "{kind} {how}");
                    world.nap();
                    assert_eq!(ask(&anna, "all", ()), old(), "{kind} {how}, after a nap");
                }
            }
            go(world, &anna, kind, "well");
            assert_eq!(ask(&anna, "all", ()), new(), "{kind}, {:?}", world.log());
            world.nap();
            assert_eq!(ask(&anna, "all", ()), new(), "{kind}, after a nap");
        });
    }
}

/// An app with the events `fail early(how)` and `fail late(how)`, which write before and after they wait at a gate.
fn waiting() -> App {
    let app = App::new().namespace("/", |ns| {
        ns.on("prepare", async |io: Io| prepare(&io))
            .on("all", async |io: Io| all(&io).map(Ack))
            .on("fail", async |io: Io, Data(how): Data<String>| {
                write(&io)?;
                io.emit("written", ())?;
                End::of(&how).end()
            })
            .on("wait and fail", async |io: Io, Data(how): Data<String>| {
                write(&io)?;
                gate("wait").await;
                io.storage().put("added", &5)?;
                End::of(&how).end()
            })
            .on("does not wait", async |io: Io, Data(how): Data<String>| {
                write(&io)?;
                core::future::ready(()).await;
                End::of(&how).end()
            })
    });
    with_alarms(app)
}

#[test]
fn the_client_is_told_and_what_was_emitted_is_sent() {
    awake_and_asleep(waiting, |world| {
        let [anna] = clients(world, "/");
        anna.emit("prepare", ());
        assert_eq!(code(&ask(&anna, "fail", "fails")), Some("WANTED"));
        assert_eq!(code(&ask(&anna, "fail", "panics")), Some("INTERNAL_SERVER_ERROR"));
        assert_eq!(heard(&anna), ["written []", "written []"]);
        assert_eq!(ask(&anna, "all", ()), old());
    });
}

#[test]
fn what_a_handler_wrote_before_it_waited_stays() {
    for how in ["fails", "panics"] {
        awake_and_napping(waiting, |world| {
            let [anna] = clients(world, "/");
            anna.emit("prepare", ());
            let told = anna.emit_with_ack("wait and fail", how);
            // Another handler fails meanwhile.
            ask(&anna, "does not wait", how);
            assert_eq!(ask(&anna, "all", ()), new());
            world.open("wait");
            assert!(told.args().is_some());
            assert_eq!(ask(&anna, "all", ()), json!([2, null, 5, 8, null, 9]));
        });
    }
}

#[test]
fn an_await_that_is_ready_at_once_is_no_wait() {
    awake_and_asleep(waiting, |world| {
        let [anna] = clients(world, "/");
        anna.emit("prepare", ());
        ask(&anna, "does not wait", "fails");
        assert_eq!(ask(&anna, "all", ()), old());
    });
}

/// What one handler wrote well stays, even if the next one in the same task fails.
#[test]
fn each_handler_is_undone_alone() {
    let app = || {
        App::new()
            .namespace("/", |ns| {
                ns.guard_event(async |storage: Storage| storage.put("first guard", &1))
                    .guard_event(async |storage: Storage| {
                        storage.put("second guard", &1)?;
                        End::Fails.end()
                    })
                    .on_any(async |storage: Storage| storage.put("any", &1))
                    .on_error(async |storage: Storage| drop(storage.put("error", &1)))
                    .on("keys", async || ())
            })
            .route("GET", "/keys", async |storage: Storage| {
                storage.keys("").map(|keys| HttpResponse::text(200, keys.join(", ")))
            })
    };
    awake_and_asleep(app, |world| {
        let [anna] = clients(world, "/");
        anna.emit("go", ());
        world.nap();
        let keys = world.request("GET", "/keys", "");
        assert_eq!(String::from_utf8_lossy(&keys.body), "any, error, first guard");
    });
}

/// An alarm that rings and sets itself again in a handler that fails is over: it has rung.
#[test]
fn an_alarm_that_sets_itself_and_fails_is_over() {
    let app = || {
        App::new().namespace("/", |ns| ns.on("set", async |io: Io| io.set_alarm("bell", MINUTE, ()))).on_alarm(
            "bell",
            async |io: Io| {
                io.log("rings");
                io.set_alarm("bell", MINUTE, ())?;
                End::Fails.end()
            },
        )
    };
    awake_and_asleep(app, |world| {
        let [anna] = clients(world, "/");
        anna.emit("set", ());
        world.advance(5 * MINUTE);
        world.nap();
        world.advance(5 * MINUTE);
        assert_eq!(world.logged().iter().filter(|line| *line == "rings").count(), 1);
    });
}
