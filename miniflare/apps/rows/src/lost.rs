//! What is called for clients that were lost with the object's process: each call is a line of the log, because nobody is left who
//! could be told.

use dormouse::error::HandlerError;
use dormouse::extract::{AckContext, AckResult};
use dormouse::routing::Routes;
use dormouse::socket::Reason;
use dormouse::{Ack, Data, Failure, Io, Socket};
use serde_json::Value;

pub(crate) fn routes(ns: Routes) -> Routes {
    ns.on_connect(async |io: Io, socket: Socket| io.log(format!("told in {}", socket.id())))
        .on("name me", async |socket: Socket, Data(name): Data<String>| {
            socket.set_data(&name)?;
            Ok::<_, Failure>(Ack(()))
        })
        .on("owe", async |socket: Socket, Data(context): Data<String>| {
            socket.ack_to("debt", context).emit("question", ())?;
            Ok::<_, Failure>(Ack(()))
        })
        .on_ack("debt", async |io: Io, AckContext(context): AckContext<String>, AckResult(ack): AckResult<Value>| {
            io.log(format!(
                "told ack {context} {}",
                ack.map_or_else(|error| error.code().to_owned(), |ack| ack.to_string())
            ));
        })
        .on_disconnect(async |io: Io, socket: Socket, reason: Reason| {
            io.log(format!("told out {} {} {reason}", socket.id(), socket.data::<String>()?));
            Ok::<_, Failure>(())
        })
}
