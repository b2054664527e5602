//! The apps of the tests.

use core::time::Duration;

use dormouse::error::{BroadcastAckError, DecodeError, EmitError, IncompleteAcks};
use dormouse::extract::{AckContext, AckResult};
use dormouse::routing::Routes;
use dormouse::socket::{EngineSocket, Reason};
use dormouse::value::Frame;
use dormouse::{Ack, App, Args, Auth, Data, Failure, Io, Room, Socket};
use serde_json::Value;

/// A server with events for what handlers can do, in `/` and `/custom`. It also echoes plain Engine.IO messages.
///
/// `message` is echoed as `message-back`; `message-with-ack` is acknowledged with its arguments; `join` and `leave` take
/// rooms; `to([room, …], [except, …], …)` emits `said` to others; `broadcast` emits it to all others; `kick` and `close`
/// disconnect the sender, `close others` all others after an event, `close others silently` without one; `late` uses the socket
/// after disconnecting it; `panic` panics; `reserved` emits an event with a reserved name, and acknowledges whether that is an
/// error.
pub(crate) fn echo() -> App {
    App::new()
        .namespace("/", routes)
        .namespace("/custom", routes)
        .engine(|engine| engine.raw(|raw| raw.on_message(engine_echo)))
}

/// A server that asks its clients for acknowledgements, in `/` and `/custom`.
///
/// `ask` and `ask all` await them in memory (`ask all` for ten seconds). `note(context)` and `note all(context)` use `ack_to`, and
/// so does `note for(context, milliseconds)`, with a deadline. The results are emitted as `answer`, `no answer`, `answers` and
/// `noted`.
pub(crate) fn asking() -> App {
    App::new().namespace("/", asking_routes).namespace("/custom", asking_routes)
}

fn asking_routes(ns: Routes) -> Routes {
    ns.on("ask", async |socket: Socket, args: Args| match socket.emit_with_ack::<Value>("question", args).await {
        Ok(answer) => socket.emit("answer", (answer,)),
        Err(error) => socket.emit("no answer", error.to_string()),
    })
    .on("ask all", async |socket: Socket, io: Io, args: Args| {
        let asked = io.timeout(Duration::from_secs(10)).emit_with_ack::<Value>("question", args).await;
        let (answers, missing) = match asked {
            Ok(answers) => (answers, 0),
            Err(BroadcastAckError::Incomplete(IncompleteAcks { acks: answers, missing })) => (answers, missing.len()),
            Err(error) => return socket.emit("no answer", error.to_string()),
        };
        let answers: Vec<Value> = answers.into_iter().map(|(_, answer)| answer).collect();
        socket.emit("answers", (answers, missing))
    })
    .on("note", async |socket: Socket, Data(context): Data<Value>| socket.ack_to("noted", context).emit("question", ()))
    .on("note all", async |io: Io, Data(context): Data<Value>| io.ack_to("noted", context).emit("question", ()))
    .on("note for", async |socket: Socket, Data((context, millis)): Data<(Value, u64)>| {
        socket.timeout(Duration::from_millis(millis)).ack_to("noted", context).emit("question", ())
    })
    .on_ack(
        "noted",
        async |socket: Socket, AckResult(answer): AckResult<Option<Value>>, AckContext(context): AckContext<Value>| {
            let told = answer.map_err(|none| none.to_string());
            // Emitted to all sockets, because the one that was asked may have left.
            socket.io().emit("noted", (context, told.clone().ok().flatten(), told.err()))
        },
    )
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
        .on("message-with-ack", async |args: Args| Ack(args))
        .on("join", async |socket: Socket, args: Args| {
            socket.join(rooms(&args)?)?;
            Ok::<_, Failure>(Ack(()))
        })
        .on("leave", async |socket: Socket, args: Args| {
            socket.leave(rooms(&args)?);
            Ok::<_, DecodeError>(Ack(()))
        })
        .on("to", to)
        .on("broadcast", async |socket: Socket, args: Args| {
            socket.broadcast().emit("said", args)?;
            Ok::<_, EmitError>(Ack(()))
        })
        .on("kick", async |socket: Socket| socket.disconnect(false))
        .on("close", async |socket: Socket| socket.disconnect(true))
        .on("close others", async |socket: Socket| {
            socket.broadcast().emit("said", "goodbye")?;
            socket.broadcast().disconnect_sockets(true);
            Ok::<_, EmitError>(())
        })
        .on("close others silently", async |socket: Socket| socket.broadcast().disconnect_sockets(true))
        .on("late", async |socket: Socket, args: Args| {
            // After the disconnect, the handler's events reach other sockets, but not this one.
            socket.disconnect(false);
            socket.emit("never", ())?;
            socket.join("nowhere")?;
            Ok::<_, Failure>(socket.broadcast().emit("said", args)?)
        })
        .on("panic", panics)
        .on("reserved", async |socket: Socket| Ack(socket.emit("disconnect", ()).is_err()))
        .on_disconnect(left)
}

async fn panics(socket: Socket) {
    // What the handler did before the panic is kept.
    let _ = socket.emit("about to panic", ());
    panic!("what this handler is for");
}

async fn left(socket: Socket, reason: Reason) -> Result<(), EmitError> {
    // The room of the socket's own id is left out: its name differs in every run of a test.
    let own = Room::from(socket.id());
    let rooms: Vec<String> =
        socket.rooms().iter().filter(|room| **room != own).map(|room| room.as_str().to_owned()).collect();
    socket.broadcast().emit("left", (reason.as_str(), rooms))
}

/// `to([room, …], [except, …], …)`: emits `said` to these rooms, with the arguments that follow.
async fn to(
    socket: Socket,
    Data((rooms, except)): Data<(Vec<String>, Vec<String>)>,
    args: Args,
) -> Result<Ack<()>, EmitError> {
    let values = args.to_values().unwrap_or_default();
    let mut rest = Args::new();
    for value in values.get(2..).unwrap_or_default() {
        rest.push(value)?;
    }
    socket.to(rooms).except(except).emit("said", rest)?;
    Ok(Ack(()))
}

fn rooms(args: &Args) -> Result<Vec<String>, DecodeError> {
    (0..args.len()).filter_map(|place| args.get(place).transpose()).collect()
}
