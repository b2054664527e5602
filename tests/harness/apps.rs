//! The servers that the tests talk to.

use dormouse::{
    App, Args, Auth, Data, DecodeError, EmitError, EngineSocket, Frame, Reason, Reply, Room, Routes, Socket,
};
use serde_json::Value;

/// A server with a handler for everything that a handler can do, in `/` and `/custom`. Also echoes plain Engine.IO.
///
/// `message` comes back as `message-back`; `message-with-ack` is answered with its arguments; `join` and `leave` take
/// rooms; `to([room, …], [except, …], …)` emits `said` to others; `broadcast` does so to all others; `kick` and `close`
/// disconnect the sender; `panic` is a mistake in the handler; `reserved` shows what becomes of one that misuses the API.
pub fn echo() -> App {
    App::new().namespace("/", routes).namespace("/custom", routes).engine(|engine| engine.on_message(engine_echo))
}

async fn engine_echo(socket: EngineSocket, message: Frame) {
    if message == Frame::text("bye") {
        socket.close();
    } else {
        socket.send(message);
    }
}

fn routes(ns: Routes) -> Routes {
    ns.on_connect(async |socket: Socket, Auth(auth): Auth<Value>| socket.emit("auth", auth))
        .on("message", async |socket: Socket, args: Args| socket.emit("message-back", args))
        .on("message-with-ack", async |args: Args| Reply(args))
        .on("join", async |socket: Socket, args: Args| {
            socket.join(rooms(&args)?);
            Ok::<_, DecodeError>(Reply(()))
        })
        .on("leave", async |socket: Socket, args: Args| {
            socket.leave(rooms(&args)?);
            Ok::<_, DecodeError>(Reply(()))
        })
        .on("to", to)
        .on("broadcast", async |socket: Socket, args: Args| {
            socket.broadcast().emit("said", args)?;
            Ok::<_, EmitError>(Reply(()))
        })
        .on("kick", async |socket: Socket| socket.disconnect(false))
        .on("close", async |socket: Socket| socket.disconnect(true))
        .on("late", async |socket: Socket, args: Args| {
            // What a handler does after it disconnected the socket reaches the others and nobody else.
            socket.disconnect(false);
            socket.emit("never", ())?;
            socket.join("nowhere");
            socket.broadcast().emit("said", args)
        })
        .on("panic", panics)
        .on("reserved", async |socket: Socket| Reply(socket.emit("disconnect", ()).is_err()))
        .on_disconnect(left)
}

async fn panics(socket: Socket) {
    // What it did until then is done.
    let _ = socket.emit("about to panic", ());
    panic!("what this handler is for");
}

async fn left(socket: Socket, reason: Reason) -> Result<(), EmitError> {
    // The room of its own id is left out: it is another one in every run of a test.
    let own = Room::from(socket.id());
    let rooms: Vec<String> =
        socket.rooms().iter().filter(|room| **room != own).map(|room| room.as_str().to_owned()).collect();
    socket.broadcast().emit("left", (reason.as_str(), rooms))
}

/// `to([room, …], [except, …], …)`: who is named hears `said` with what follows.
async fn to(
    socket: Socket,
    Data((rooms, except)): Data<(Vec<String>, Vec<String>)>,
    args: Args,
) -> Result<Reply<()>, EmitError> {
    let values = args.to_values().unwrap_or_default();
    let mut rest = Args::new();
    for value in values.get(2..).unwrap_or_default() {
        rest.push(value)?;
    }
    socket.to(rooms).except(except).emit("said", rest)?;
    Ok(Reply(()))
}

fn rooms(args: &Args) -> Result<Vec<String>, DecodeError> {
    (0..args.len()).filter_map(|place| args.get(place).transpose()).collect()
}
