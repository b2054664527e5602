//! Events for the end-to-end tests only: panics, and rooms to show that others keep theirs.

use crate::handler::{Event, Routes, Socket};
use crate::value::Args;

#[expect(clippy::panic, reason = "what the event is for")]
pub(super) fn routes(ns: Routes) -> Routes {
    ns.on("test:panic", |_, _| panic!("the handler of test:panic panics"))
        .on("test:panic-core", |socket, _| {
            // The core panics at this name.
            let _ = socket.broadcast().emit("test:panic-core", Args::new());
        })
        .on("test:join", |socket, event| {
            socket.join("test room");
            answer(socket, event);
        })
        .on("test:room", |socket, event| {
            let _ = socket.to("test room").emit("module.x", event.args.clone());
            answer(socket, event);
        })
}

fn answer(socket: &mut Socket<'_>, event: Event) {
    if let Some(ack) = event.ack {
        ack.send(socket, event.args);
    }
}
