//! Acknowledgements that outlive hibernation (`ack_to` and `on_ack`).

use core::time::Duration;

use dormouse::error::HandlerError;
use dormouse::extract::{AckContext, AckResult};
use dormouse::routing::Routes;
use dormouse::{Ack, Data, Failure, Io, Socket};
use serde_json::{Value, json};

use crate::tell;

pub(crate) fn routes(ns: Routes) -> Routes {
    ns.on("ask by reply", ask).on("ask room by reply", ask_room).on_ack("answer", answer)
}

async fn ask(
    socket: Socket,
    Data((question, context, milliseconds)): Data<(Value, Value, Option<u64>)>,
) -> Result<Ack<&'static str>, Failure> {
    let emitter = socket.ack_to("answer", context);
    let emitter = match milliseconds {
        Some(milliseconds) => emitter.timeout(Duration::from_millis(milliseconds)),
        None => emitter,
    };
    emitter.emit("question", question)?;
    Ok(Ack("asked"))
}

async fn ask_room(io: Io, Data((room, context)): Data<(String, Value)>) -> Result<Ack<&'static str>, Failure> {
    io.to(room).ack_to("answer", context).emit("question", "all")?;
    Ok(Ack("asked"))
}

/// Reports the acknowledgement. Binary data in it appears as its JSON placeholder.
async fn answer(
    io: Io,
    socket: Socket,
    AckResult(answer): AckResult<Value>,
    AckContext(context): AckContext<Value>,
) -> Result<(), Failure> {
    let answer = match answer {
        Ok(answer) => json!({ "answer": answer }),
        Err(none) => json!({ "none": none.code() }),
    };
    tell(&io, "reply", (socket.id(), answer, context))
}
