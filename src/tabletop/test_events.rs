//! Events for the end-to-end tests only: panics, and rooms to show that others keep theirs.

use crate::error::JoinError;
use crate::handles::Socket;
use crate::routing::{Reply, Routes};
use crate::value::Args;

pub(super) fn routes(ns: Routes) -> Routes {
    ns.on("test:panic", panics)
        .on("test:panic-core", async |socket: Socket| {
            // The core panics at this name.
            let _ = socket.broadcast().emit("test:panic-core", ());
        })
        .on("test:join", async |socket: Socket, args: Args| {
            socket.join("test room")?;
            Ok::<_, JoinError>(Reply(args))
        })
        .on("test:room", async |socket: Socket, args: Args| {
            let _ = socket.to("test room").emit("module.x", args.clone());
            Reply(args)
        })
}

#[expect(clippy::panic, reason = "what the event is for")]
async fn panics() {
    panic!("the handler of test:panic panics");
}
