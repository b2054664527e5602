//! The server that the published protocol test suites expect, and a little more: rooms.

use dormouse::{App, Args, EngineSocket, Event, Frame, Routes, Socket};

fn app() -> App {
    App::new().namespace("/", echo).namespace("/custom", echo).engine(engine_echo)
}

fn echo(ns: Routes) -> Routes {
    ns.on_connect(greet).on("message", message).on("message-with-ack", message_with_ack).on("join", join).on("to", to)
}

fn greet(socket: &mut Socket<'_>) {
    let auth: serde_json::Value = socket.auth().unwrap_or_default();
    let _ = socket.emit("auth", Args::one(&auth).unwrap_or_default());
}

fn message(socket: &mut Socket<'_>, event: Event) {
    let _ = socket.emit("message-back", event.args);
}

fn message_with_ack(socket: &mut Socket<'_>, event: Event) {
    if let Some(ack) = event.ack {
        ack.send(socket, event.args);
    }
}

/// `join(room, …)`: acked with the rooms once the socket is in them.
fn join(socket: &mut Socket<'_>, event: Event) {
    for room in event.args.to_values().unwrap_or_default() {
        if let Some(room) = room.as_str() {
            socket.join(room);
        }
    }
    message_with_ack(socket, event);
}

/// `to(room, …)`: everybody else in the room hears `said` with all of the arguments.
fn to(socket: &mut Socket<'_>, event: Event) {
    let values = event.args.to_values().unwrap_or_default();
    if let Some(room) = values.first().and_then(|room| room.as_str()) {
        let _ = socket.to(room).emit("said", event.args.clone());
    }
    message_with_ack(socket, event);
}

fn engine_echo(socket: &mut EngineSocket<'_>, message: Frame) {
    socket.send(message);
}

dormouse::world!(World, app);
