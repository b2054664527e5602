//! The servers that the tests talk to.

use dormouse::{App, Args, Event, Routes, Socket};
use serde_json::{Value, json};

/// A server with a handler for everything that a handler can do, in `/` and `/custom`. Also echoes plain Engine.IO.
///
/// `message` comes back as `message-back`; `message-with-ack` is answered with its arguments; `join` and `leave` take
/// rooms; `to([room, …], [except, …], …)` emits `said` to others; `broadcast` does so to all others; `kick` and `close`
/// disconnect the sender; `panic` is a mistake in the handler; `reserved` shows what becomes of one that misuses the API.
pub fn echo() -> App {
    App::new().namespace("/", routes).namespace("/custom", routes).engine(|socket, message| {
        if message == dormouse::Frame::text("bye") {
            socket.close();
        } else {
            socket.send(message);
        }
    })
}

fn routes(ns: Routes) -> Routes {
    ns.on_connect(greet)
        .on("message", |socket, event| emit(socket, "message-back", event.args))
        .on("message-with-ack", |socket, event| answer(socket, event.ack, event.args))
        .on("join", |socket, event| {
            for room in rooms(&event.args) {
                socket.join(room);
            }
            answer(socket, event.ack, Args::new());
        })
        .on("leave", |socket, event| {
            for room in rooms(&event.args) {
                socket.leave(room);
            }
            answer(socket, event.ack, Args::new());
        })
        .on("to", to)
        .on("broadcast", |socket, event| {
            let _ = socket.broadcast().emit("said", event.args);
            answer(socket, event.ack, Args::new());
        })
        .on("kick", |socket, _| socket.disconnect(false))
        .on("close", |socket, _| socket.disconnect(true))
        .on("late", |socket, event| {
            // What a handler does after it disconnected the socket reaches the others and nobody else.
            socket.disconnect(false);
            emit(socket, "never", Args::new());
            socket.join("nowhere");
            let _ = socket.broadcast().emit("said", event.args);
        })
        .on("panic", |socket, _| {
            emit(socket, "never", Args::new());
            panic!("what this handler is for");
        })
        .on("reserved", |socket, event| {
            let refused = socket.emit("disconnect", Args::new()).is_err();
            answer(socket, event.ack, Args::one(&refused).unwrap_or_default());
        })
        .on_disconnect(|socket, reason, rooms| {
            // The room of its own id is left out: it is another one in every run of a test.
            let own = socket.id();
            let rooms: Vec<_> = rooms.iter().map(dormouse::Room::as_str).filter(|room| *room != own.as_str()).collect();
            let _ = socket.broadcast().emit("left", args(&[json!(reason.as_str()), json!(rooms)]));
        })
}

fn greet(socket: &mut Socket<'_>) {
    let auth: Value = socket.auth().unwrap_or_default();
    emit(socket, "auth", args(&[auth]));
}

/// `to([room, …], [except, …], …)`: who is named hears `said` with what follows.
fn to(socket: &mut Socket<'_>, event: Event) {
    let values = event.args.to_values().unwrap_or_default();
    let names = |n: usize| -> Vec<String> {
        let list = values.get(n).and_then(Value::as_array).cloned().unwrap_or_default();
        list.iter().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let emitter = names(0).into_iter().fold(socket.broadcast(), dormouse::Emitter::to);
    let emitter = names(1).into_iter().fold(emitter, dormouse::Emitter::except);
    let _ = emitter.emit("said", args(values.get(2..).unwrap_or_default()));
    answer(socket, event.ack, Args::new());
}

fn emit(socket: &mut Socket<'_>, event: &str, args: Args) {
    let _ = socket.emit(event, args);
}

fn answer(socket: &mut Socket<'_>, ack: Option<dormouse::AckSender>, with: Args) {
    if let Some(ack) = ack {
        ack.send(socket, with);
    }
}

fn rooms(args: &Args) -> Vec<String> {
    args.to_values().unwrap_or_default().iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn args(values: &[Value]) -> Args {
    let mut args = Args::new();
    for value in values {
        args.push(value).unwrap_or_default();
    }
    args
}
