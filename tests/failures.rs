//! What clients are told of failures, and who else hears of them: awake, and after a nap.
#![expect(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

#[path = "failures/each_kind.rs"]
mod each_kind;

use core::fmt;

use dormouse::error::{HandlerError, JoinError};
use dormouse::extract::EventName;
use dormouse::response::HttpResponse;
use dormouse::testing::{TestClient, TestWorld};
use dormouse::{Ack, App, Auth, Failure, Io, Socket, SocketId, Storage};
use serde_json::{Value, json};

const SECRET: &str = "postgres://admin:hunter2@db.internal";

/// An error of the app that says more than clients may know.
#[derive(Debug)]
struct DatabaseError {
    cause: Option<JoinError>,
}

impl fmt::Display for DatabaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(SECRET)
    }
}

impl std::error::Error for DatabaseError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.as_ref().map(|cause| cause as _)
    }
}

fn query() -> Result<u32, DatabaseError> {
    Err(DatabaseError { cause: None })
}

struct Stolen(Failure);

impl HandlerError for Stolen {
    fn code(&self) -> &str {
        self.0.code()
    }
}

impl fmt::Display for Stolen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.0, self.0.message())
    }
}

fn app() -> App {
    App::new()
        .namespace("/", |ns| {
            ns.on("question mark", async || Ok::<_, Failure>(Ack(query()?)))
                .on("boxed", async || Ok::<_, Box<dyn std::error::Error>>(Ack(query()?)))
                .on("boxed to send", async || Ok::<_, Box<dyn std::error::Error + Send + Sync>>(Ack(query()?)))
                .on("wraps one of Dormouse", async || {
                    let error = DatabaseError { cause: Some(JoinError::NameTooLong(5_000)) };
                    Err::<(), Failure>(error.into())
                })
                .on("internal", async || Err::<(), _>(Failure::internal(SECRET)))
                .on("serde", async || {
                    let error = <serde_json::Error as serde::de::Error>::custom(SECRET);
                    Err::<(), _>(error)
                })
                .on("panics", panics)
                .on("shown again", async || query().map(|_| ()).map_err(|error| Stolen(error.into())))
                .on("dormouse", async |socket: Socket| Ok::<_, Failure>(socket.join("x".repeat(5_000))?))
                .on("boxed dormouse", async |socket: Socket| {
                    Ok::<_, Box<dyn std::error::Error>>(socket.join("x".repeat(5_000))?)
                })
                .on("new", async || Err::<(), _>(Failure::new("MINE", "my own").with_field("left", json!({ "n": 3 }))))
                .on("stores", async |storage: Storage| storage.put("key", &1))
        })
        .namespace("/watched", |ns| {
            ns.on("question mark", async || Ok::<_, Failure>(Ack(query()?)))
                .on("new", async || Err::<(), _>(Failure::new("MINE", "my own")))
                .guard_event(async |EventName(name): EventName| if &*name == "no" { Err("guarded") } else { Ok(()) })
                .on("no", async || ())
                .on_connect(async || Err::<(), _>("connected"))
                .guard(async |Auth(ticket): Auth<Value>| match ticket["name"].as_str() {
                    Some("internal") => Ok(query().map(|_| ())?),
                    Some(_) => Err(Failure::new("NO_TICKET", "without a ticket")),
                    None => Ok(()),
                })
                .on_error(
                    async |io: Io,
                           id: SocketId,
                           Auth(auth): Auth<Value>,
                           event: Option<EventName>,
                           failure: Failure| {
                        let event = event.map(|EventName(name)| name.to_string()).unwrap_or_default();
                        let is_query = failure.downcast_ref::<DatabaseError>().is_some();
                        let known = io.socket(id).is_some();
                        io.log(format!("heard: {event:?} {} {is_query} {known} {}", failure.code(), auth["name"]));
                    },
                )
        })
        .route("GET", "/question", async || Ok::<_, Failure>(HttpResponse::text(200, query()?.to_string())))
        .route("GET", "/own", async || HttpResponse::failed(&Failure::internal(SECRET)))
        .route("GET", "/panics", async || {
            panics().await;
            HttpResponse::empty(204)
        })
}

async fn panics() {
    panic!("{SECRET}");
}

/// Calls `test` with a world that `nap` hibernates, and with one for which it does nothing.
fn awake_and_asleep(variables: &[(&str, &str)], test: impl Fn(&TestWorld, &dyn Fn())) {
    for sleepy in [false, true] {
        let world = TestWorld::new(app);
        let world = variables.iter().fold(world, |world, (name, value)| world.with_variable(name, value));
        let nap = || {
            if sleepy {
                world.sleep();
            }
        };
        test(&world, &nap);
    }
}

fn ask(client: &TestClient, event: &str) -> Value {
    client.emit_with_ack(event, ()).args().expect("an acknowledgement").parse::<Value>().expect("JSON")["error"].clone()
}

fn json_of(response: &HttpResponse) -> Value {
    serde_json::from_slice(&response.body).expect("JSON")
}

/// Returns the lines of the log with this reference, parsed.
fn lines_with(world: &TestWorld, reference: &Value) -> Vec<Value> {
    assert!(reference.as_str().is_some_and(|text| text.len() == 12), "{reference}");
    let lines = world.log_lines().into_iter().map(|line| serde_json::from_str::<Value>(&line).expect("JSON"));
    lines.filter(|line| line["reference"] == *reference).collect()
}

const INTERNAL: [&str; 6] = ["question mark", "boxed", "boxed to send", "wraps one of Dormouse", "internal", "serde"];

#[test]
fn the_text_of_a_foreign_error_reaches_no_client() {
    awake_and_asleep(&[], |world, nap| {
        let anna = world.connect("/");
        for event in INTERNAL.iter().chain(&["panics"]) {
            nap();
            let told = ask(&anna, event);
            let reference = told["reference"].clone();
            let message = "An internal server error has occurred.";
            let expected = json!({ "code": "INTERNAL_SERVER_ERROR", "message": message, "reference": reference });
            assert_eq!(told, expected, "{event}");
            let lines = lines_with(world, &reference);
            assert_eq!(lines.len(), 1, "{event}: {lines:?}");
            let [line_of, level] = [&lines[0]["message"], &lines[0]["level"]];
            assert!(line_of.as_str().is_some_and(|text| text.contains(SECRET)) && level == "error", "{lines:?}");
            assert_eq!((&lines[0]["event"], &lines[0]["socket"]), (&json!(event), &json!(anna.id().as_str())));
        }
        let told = ask(&anna, "shown again").to_string();
        assert!(told.contains("INTERNAL_SERVER_ERROR") && !told.contains("hunter2"), "{told}");
    });
}

#[test]
fn an_internal_failure_is_known_by_its_source_and_its_reference() {
    let failure = Failure::from(query().expect_err("it fails")).with_data(5).with_field("left", 3);
    assert!(failure.is_internal() && failure.downcast_ref::<DatabaseError>().is_some());
    assert!(failure.downcast_ref::<fmt::Error>().is_none() && failure.data().is_none());
    assert_eq!(failure.source().map(ToString::to_string).as_deref(), Some(SECRET));
    assert_eq!(failure.reference().map(str::len), Some(12));
    assert_eq!(failure, failure.clone());
    assert_ne!(failure, Failure::internal(SECRET));
    assert!(!format!("{failure} {} {}", failure.code(), failure.message()).contains("hunter2"));
    let told = Failure::new("MINE", "my own");
    assert!(!told.is_internal() && told.source().is_none() && told.reference().is_none());
}

#[test]
fn each_reference_is_another() {
    awake_and_asleep(&[], |world, nap| {
        let anna = world.connect("/");
        nap();
        assert_ne!(ask(&anna, "internal")["reference"], ask(&anna, "internal")["reference"]);
    });
}

#[test]
fn dormouses_own_errors_and_those_of_failure_new_are_told() {
    awake_and_asleep(&[], |world, nap| {
        let anna = world.connect("/");
        nap();
        for event in ["dormouse", "boxed dormouse"] {
            let told = ask(&anna, event);
            assert_eq!((&told["reference"], told["code"] == "INTERNAL_SERVER_ERROR"), (&Value::Null, false), "{told}");
            assert!(told["message"].as_str().is_some_and(|text| text.contains("5000 bytes")), "{told}");
        }
        nap();
        let expected = json!({ "code": "MINE", "message": "my own", "left": { "n": 3 } });
        assert_eq!(ask(&anna, "new"), expected);
    });
}

#[test]
fn what_the_storage_failed_with_is_internal() {
    awake_and_asleep(&[], |world, nap| {
        let anna = world.connect("/");
        nap();
        world.set_storage_full(true);
        let told = ask(&anna, "stores");
        assert_eq!(told["code"], "INTERNAL_SERVER_ERROR");
        assert_eq!(lines_with(world, &told["reference"]).len(), 1);
    });
}

#[test]
fn with_debug_clients_get_the_text_as_well() {
    for (value, shows) in [("true", true), ("false", false), ("", false)] {
        awake_and_asleep(&[("DEBUG", value)], |world, nap| {
            let details = |error: &Value| {
                assert_eq!(lines_with(world, &error["reference"]).len(), 1);
                error["details"].as_str().is_some_and(|text| text.contains(SECRET))
            };
            let anna = world.connect("/");
            for event in INTERNAL.iter().chain(&["panics"]) {
                nap();
                assert_eq!(details(&ask(&anna, event)), shows, "{event}");
            }
            nap();
            let refused = world.try_connect("/watched", json!({ "name": "internal" })).expect_err("it is refused");
            assert_eq!(details(&refused.data.expect("the data")), shows);
            for path in ["/question", "/panics"] {
                nap();
                let body: Value = json_of(&world.request("GET", path, ""));
                assert_eq!(details(&body["error"]), shows, "{path}");
            }
        });
    }
}

#[test]
fn a_connect_error_and_a_response_have_the_reference() {
    awake_and_asleep(&[], |world, nap| {
        nap();
        let refused = world.try_connect("/watched", json!({ "name": "internal" })).expect_err("it is refused");
        assert_eq!(refused.message, "An internal server error has occurred.");
        let data = refused.data.expect("the data");
        assert_eq!((&data["code"], data.get("details")), (&json!("INTERNAL_SERVER_ERROR"), None));
        assert_eq!(lines_with(world, &data["reference"]).len(), 1);
        let told = json_of(&world.request("GET", "/own", "")).to_string();
        assert!(told.contains("INTERNAL_SERVER_ERROR") && !told.contains("hunter2"), "{told}");
        for path in ["/question", "/panics"] {
            nap();
            let response = world.request("GET", path, "");
            let body: Value = json_of(&response);
            assert_eq!((response.status, &body["error"]["code"]), (500, &json!("INTERNAL_SERVER_ERROR")), "{path}");
            assert!(!body.to_string().contains("hunter2"), "{body}");
            let lines = lines_with(world, &body["error"]["reference"]);
            assert!(lines.len() == 1 && lines[0].to_string().contains(SECRET), "{path}: {lines:?}");
        }
    });
}

#[test]
fn on_error_hears_what_was_acknowledged_and_what_a_guard_refused() {
    awake_and_asleep(&[], |world, nap| {
        let heard = || world.log().into_iter().filter(|line| line.starts_with("heard: ")).collect::<Vec<_>>();
        let anna = world.connect("/watched");
        assert_eq!(heard(), [r#"heard: "" ERROR false true null"#]);
        nap();
        ask(&anna, "question mark");
        nap();
        anna.emit("question mark", ());
        nap();
        ask(&anna, "new");
        nap();
        ask(&anna, "no");
        let expected = [
            r#"heard: "question mark" INTERNAL_SERVER_ERROR true true null"#,
            r#"heard: "question mark" INTERNAL_SERVER_ERROR true true null"#,
            r#"heard: "new" MINE false true null"#,
            r#"heard: "no" ERROR false true null"#,
        ];
        assert_eq!(heard()[1..], expected);
        nap();
        world.try_connect("/watched", json!({ "name": "internal" })).expect_err("it is refused");
        nap();
        world.try_connect("/watched", json!({ "name": "ben" })).expect_err("it is refused");
        let guards =
            [r#"heard: "" INTERNAL_SERVER_ERROR true false "internal""#, r#"heard: "" NO_TICKET false false "ben""#];
        assert_eq!(heard()[5..], guards);
        let failed = world.log().into_iter().filter(|line| line.contains(" failed with ")).count();
        assert_eq!(failed, 7, "each is logged once: {:?}", world.log());
    });
}
