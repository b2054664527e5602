//! Acknowledgements, to clients and from clients.

use core::time::Duration;

use dormouse::error::{AckError, BroadcastAckError, HandlerError, IncompleteAcks};
use dormouse::response::AckSender;
use dormouse::routing::Routes;
use dormouse::{Ack, Args, Data, Failure, Io, Socket, SocketId};
use serde_json::{Value, json};

use crate::runtime::wait;

pub(crate) fn routes(ns: Routes) -> Routes {
    ns.on("echo", echo)
        .on("nothing", nothing)
        .on("fail", fail)
        .on("two", first)
        .on("two", second)
        .on("later", later)
        .on("drop the ack", drop_the_ack)
        .on("ask", ask)
        .on("ask within", ask_within)
        .on("ask another", ask_another)
        .on("ask all", ask_all)
        .on("ask all else", ask_all_else)
}

async fn echo(args: Args) -> Ack<Args> {
    Ack(args)
}

async fn nothing() {}

async fn fail(Data(number): Data<u8>) -> Result<(), Failure> {
    Err(Failure::new("FAILED", format!("{number} is no good")))
}

async fn first() -> Ack<&'static str> {
    Ack("first")
}

async fn second() -> Ack<&'static str> {
    Ack("second")
}

/// Sends the acknowledgement after the given milliseconds.
async fn later(ack: AckSender, Data((milliseconds, answer)): Data<(u64, Value)>) -> Result<(), Failure> {
    wait(milliseconds).await;
    ack.send(answer)?;
    Ok(())
}

async fn drop_the_ack(ack: AckSender) {
    drop(ack);
}

/// Emits a question to the client, then sends its acknowledgement back, both as an event and as this event's acknowledgement.
async fn ask(socket: Socket, question: Args) -> Result<Ack<Value>, Failure> {
    let answer: Value = socket.emit_with_ack("question", question).await?;
    socket.emit("answered", &answer)?;
    Ok(Ack(answer))
}

async fn ask_within(socket: Socket, Data(milliseconds): Data<u64>) -> Result<Ack<Value>, AckError> {
    let timeout = Duration::from_millis(milliseconds);
    Ok(Ack(socket.timeout(timeout).emit_with_ack("question", ()).await?))
}

async fn ask_another(io: Io, Data((id, question)): Data<(SocketId, Value)>) -> Result<Ack<Value>, Failure> {
    let other = io.socket(id).ok_or_else(|| Failure::new("NOBODY", "nobody has this id"))?;
    let answer: Value = other.emit_with_ack("question", question).await?;
    Ok(Ack(answer))
}

async fn ask_all(io: Io, Data((room, milliseconds)): Data<(String, u64)>) -> Result<Ack<Value>, Failure> {
    let all = io.to(room).timeout(Duration::from_millis(milliseconds));
    tally(all.emit_with_ack("question", "all").await)
}

async fn ask_all_else(socket: Socket, Data(milliseconds): Data<u64>) -> Result<Ack<Value>, Failure> {
    let all = socket.broadcast().timeout(Duration::from_millis(milliseconds));
    tally(all.emit_with_ack("question", "all else").await)
}

fn tally(answered: Result<Vec<(SocketId, Value)>, BroadcastAckError<Value>>) -> Result<Ack<Value>, Failure> {
    let (answers, missing) = match answered {
        Ok(answers) => (answers, Vec::new()),
        Err(BroadcastAckError::Incomplete(IncompleteAcks { acks: answers, missing })) => (answers, missing),
        Err(error) => return Err(error.into()),
    };
    let missing: Vec<_> = missing.iter().map(|(id, why)| (id, why.code())).collect();
    Ok(Ack(json!({ "answers": answers, "missing": missing })))
}
