//! Answers that outlive sleep.

use core::time::Duration;

use dormouse::error::HandlerError;
use dormouse::extract::{Answer, Context};
use dormouse::routing::Routes;
use dormouse::{Data, Failure, Io, Reply, Socket};
use serde_json::{Value, json};

use crate::tell;

pub fn routes(ns: Routes) -> Routes {
    ns.on("ask by reply", ask).on("ask room by reply", ask_room).on_reply("answer", answer)
}

async fn ask(
    socket: Socket,
    Data((question, context, milliseconds)): Data<(Value, Value, Option<u64>)>,
) -> Result<Reply<&'static str>, Failure> {
    let emitter = socket.reply_to("answer", context);
    let emitter = match milliseconds {
        Some(milliseconds) => emitter.timeout(Duration::from_millis(milliseconds)),
        None => emitter,
    };
    emitter.emit("question", question)?;
    Ok(Reply("asked"))
}

async fn ask_room(io: Io, Data((room, context)): Data<(String, Value)>) -> Result<Reply<&'static str>, Failure> {
    io.to(room).reply_to("answer", context).emit("question", "all")?;
    Ok(Reply("asked"))
}

/// The answer may be binary, which JSON shows as its placeholder.
async fn answer(
    io: Io,
    socket: Socket,
    Answer(answer): Answer<Value>,
    Context(context): Context<Value>,
) -> Result<(), Failure> {
    let answer = match answer {
        Ok(answer) => json!({ "answer": answer }),
        Err(none) => json!({ "none": none.code() }),
    };
    tell(&io, "reply", (socket.id(), answer, context))
}
