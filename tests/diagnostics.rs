//! The compiler's errors for invalid handlers: they name the mistake and how to correct it.

use std::fs;
use std::path::Path;
use std::process::Command;

/// Mistakes: a name, the code, and the texts that the compiler's error must contain.
const MISTAKES: [(&str, &str, &[&str]); 18] = [
    (
        "argument",
        "async fn left(_: Data<String>) {} fn app() -> App { App::new().namespace(\"/\", |ns| ns.on_disconnect(left)) }",
        &["`Data<String>` cannot be an argument of a handler that is called for", "Disconnect"],
    ),
    (
        "plain_function",
        "fn hello(_: Socket) {} fn app() -> App { App::new().namespace(\"/\", |ns| ns.on_connect(hello)) }",
        &["this is not a handler of", "a handler is an `async fn`"],
    ),
    (
        "answer",
        "async fn count() -> usize { 1 } fn app() -> App { App::new().namespace(\"/\", |ns| ns.on(\"count\", count)) }",
        &["a handler cannot give back `usize` here", "`dormouse::Ack<T>` as an event's acknowledgement"],
    ),
    (
        "error",
        "struct Mine; async fn fails() -> Result<(), Mine> { Err(Mine) }
         fn app() -> App { App::new().namespace(\"/\", |ns| ns.on(\"fails\", fails)) }",
        &["`Mine` does not say what a client is told when a handler fails with it", "`Result<_, dormouse::Failure>`"],
    ),
    (
        "error_of_a_guard",
        "use dormouse::extract::ConnRequest;
         struct Mine; async fn fails(_: ConnRequest) -> Result<(), Mine> { Err(Mine) }
         fn app() -> App { App::new().engine(|engine| engine.guard(fails)) }",
        &["`Mine` does not say what a client is told when a handler fails with it"],
    ),
    (
        "outcome_of_a_guard",
        "use dormouse::extract::ConnRequest;
         async fn admits(_: ConnRequest) -> bool { true }
         fn app() -> App { App::new().engine(|engine| engine.guard(admits)) }",
        &["a handler cannot give back `bool` here", "a guard of connections gives back nothing, or a `Result`"],
    ),
    (
        "optional_argument",
        "async fn left(_: Option<Data<String>>) {} fn app() -> App { App::new().namespace(\"/\", |ns| ns.on_disconnect(left)) }",
        &["`Data<String>` cannot be an argument of a handler that is called for"],
    ),
    (
        "data",
        "struct Mine; async fn takes(_: Data<Mine>) {}
         fn app() -> App { App::new().namespace(\"/\", |ns| ns.on(\"takes\", takes)) }",
        &["`Mine: serde::Deserialize<'de>` is not satisfied"],
    ),
    (
        "answer_of_a_controller",
        "use dormouse::controller::Controller;
         async fn count() -> dormouse::Ack<u32> { dormouse::Ack(1) }
         fn app() -> App { App::new().namespace(\"/\", |ns| ns.controller(Controller::new().on(\"count\", count))) }",
        &["a handler cannot give back `Ack<u32>` here", "an event of a controller gives back nothing, `Response<T>`"],
    ),
    (
        "hook",
        "use dormouse::controller::Controller;
         async fn is_open(_: Socket) -> bool { true }
         fn app() -> App { App::new().namespace(\"/\", |ns| ns.controller(Controller::new().hook(is_open))) }",
        &["this is not a hook", "returns nothing, a `Flow`, a response"],
    ),
    (
        "rooms",
        "async fn joins(socket: Socket) { socket.join(7); }
         fn app() -> App { App::new().namespace(\"/\", |ns| ns.on_connect(joins)) }",
        &["names no room", "a room is named by a string, a `Room` or a `SocketId`"],
    ),
    (
        "arguments",
        "struct Mine; async fn emits(socket: Socket) { let _ = socket.emit(\"a\", Mine); }
         fn app() -> App { App::new().namespace(\"/\", |ns| ns.on_connect(emits)) }",
        &["`Mine` cannot be the arguments of an event", "derive(serde::Serialize)"],
    ),
    (
        "acknowledgement_twice",
        "async fn twice(ack: AckSender) { let _ = ack.send(1); let _ = ack.send(2); }
         fn app() -> App { App::new().namespace(\"/\", |ns| ns.on(\"twice\", twice)) }",
        &["use of moved value: `ack`"],
    ),
    (
        "data_twice",
        "async fn moved(Data(x): Data<u32>, socket: Socket, Data(y): Data<u32>) {}
         fn app() -> App { App::new().namespace(\"/\", |ns| ns.on(\"moved\", moved)) }",
        &[
            "two arguments of this handler take the same `EventData`",
            "`Data((a, b)): Data<(A, B)>`",
            "ns.on(\"moved\", moved)",
        ],
    ),
    (
        "data_twice_where_it_may_fail",
        "async fn moved(x: Option<Data<u32>>, Data(y): Data<String>) {}
         fn app() -> App { App::new().namespace(\"/\", |ns| ns.guard_event(moved)) }",
        &["two arguments of this handler take the same `EventData`"],
    ),
    (
        "ack_sender_twice",
        "async fn answers(first: AckSender, second: AckSender) {}
         fn app() -> App { App::new().namespace(\"/\", |ns| ns.on(\"answers\", answers)) }",
        &["two arguments of this handler take the same `Acknowledgement`"],
    ),
    (
        "answer_or_context_twice",
        "async fn answers(_: AckResult<u32>, _: AckResult<u32>) {} async fn contexts(_: AlarmContext<u32>, _: AlarmContext<u32>) {}
         fn app() -> App { App::new().on_alarm(\"a\", contexts).namespace(\"/\", |ns| ns.on_ack(\"a\", answers)) }",
        &[
            "two arguments of this handler take the same `AckData`",
            "two arguments of this handler take the same `ContextData`",
        ],
    ),
    (
        "body_twice",
        "async fn posts(_: Json<u32>, _: Json<u32>) -> HttpResponse { HttpResponse::empty(200) }
         fn app() -> App { App::new().route(\"POST\", \"/a\", posts) }",
        &["two arguments of this handler take the same `RequestBody`"],
    ),
];

#[test]
fn the_compiler_says_what_is_wrong_with_a_handler() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("diagnostics");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    fs::create_dir_all(folder.join("src/bin")).expect("a folder");
    let manifest = format!(
        "[package]\nname = \"diagnostics\"\nedition = \"2024\"\n[workspace]\n[dependencies]\ndormouse = {{ path = {root:?}, default-features = false }}\n"
    );
    fs::write(folder.join("Cargo.toml"), manifest).expect("a manifest");
    fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock")).expect("a lock file");
    for (name, mistake, _) in MISTAKES {
        let code = format!(
            "#![allow(unused)]
use dormouse::extract::{{AckContext, AckResult, AlarmContext, Json}};
use dormouse::response::{{AckSender, HttpResponse}};
use dormouse::{{App, Data, Socket}};
{mistake}
fn main() {{}}
"
        );
        fs::write(folder.join(format!("src/bin/{name}.rs")), code).expect("a source");
    }

    let said = |name: &str| {
        let output = Command::new(env!("CARGO"))
            .args(["check", "--quiet", "--offline", "--bin", name])
            .env("CARGO_TARGET_DIR", folder.join("target"))
            .env_remove("RUSTFLAGS")
            .current_dir(&folder)
            .output()
            .expect("cargo runs");
        assert!(!output.status.success(), "{name} compiles");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    for (name, _, expected) in MISTAKES {
        let said = said(name);
        for text in expected {
            assert!(said.contains(text), "about {name} the compiler does not say {text:?}, but:\n{said}");
        }
    }
}
