//! The server that the published Engine.IO and Socket.IO test suites expect, with rooms in addition.

use dormouse::error::EmitError;
use dormouse::routing::Routes;
use dormouse::socket::EngineSocket;
use dormouse::value::Frame;
use dormouse::{Ack, App, Args, Auth, Data, Failure, Socket};
use serde_json::Value;

fn app() -> App {
    App::new()
        .namespace("/", echo)
        .namespace("/custom", echo)
        .engine(|engine| engine.raw(|raw| raw.on_message(engine_echo)))
}

fn echo(ns: Routes) -> Routes {
    ns.on_connect(greet).on("message", message).on("message-with-ack", message_with_ack).on("join", join).on("to", to)
}

async fn greet(socket: Socket, Auth(auth): Auth<Value>) -> Result<(), EmitError> {
    socket.emit("auth", auth)
}

async fn message(socket: Socket, args: Args) -> Result<(), EmitError> {
    socket.emit("message-back", args)
}

async fn message_with_ack(args: Args) -> Ack<Args> {
    Ack(args)
}

/// Handles `join(room, …)`. Acknowledges with the same arguments after the socket has joined.
async fn join(socket: Socket, args: Args) -> Result<Ack<Args>, Failure> {
    for place in 0..args.len() {
        if let Some(room) = args.get::<String>(place)? {
            socket.join(room)?;
        }
    }
    Ok(Ack(args))
}

/// Handles `to(room, …)`. The others in the room receive `said` with all of the arguments, which are also the acknowledgement.
async fn to(socket: Socket, Data(room): Data<String>, args: Args) -> Result<Ack<Args>, EmitError> {
    socket.to(room).emit("said", args.clone())?;
    Ok(Ack(args))
}

async fn engine_echo(socket: EngineSocket, message: Frame) {
    socket.send(message);
}

dormouse::world!(World, app);
