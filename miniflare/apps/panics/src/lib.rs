//! A relay with events that panic, in a handler or in the core, and with handlers that abort the wasm instance.

mod aborts;

use bytes::Bytes;
use dormouse::error::{EmitError, JoinError};
use dormouse::extract::EventName;
use dormouse::{Ack, App, Args, Io, Socket};

fn app() -> App {
    aborts::add(App::new()).namespace("/", |ns| {
        aborts::add_events(ns)
            .on("test:panic", panics)
            .on("test:panic-core", panics_in_the_core)
            .on("test:join", join)
            .on("test:room", emit_to_the_room)
            .fallback(relay)
    })
}

#[expect(clippy::panic, reason = "what the event is for")]
async fn panics() {
    panic!("the handler of test:panic panics");
}

/// Makes the core panic: it drops the arguments of an event without recipients, and these panic when they are dropped. No other
/// code of an app runs inside the core.
async fn panics_in_the_core(io: Io) -> Result<(), EmitError> {
    let mut args = Args::new();
    args.push_binary(Bytes::from_owner(PanicsWhenDropped));
    io.to("a room that nobody is in").emit("never heard", args)
}

struct PanicsWhenDropped;

impl AsRef<[u8]> for PanicsWhenDropped {
    fn as_ref(&self) -> &[u8] {
        &[]
    }
}

impl Drop for PanicsWhenDropped {
    #[expect(clippy::panic, reason = "stands for a bug in the core")]
    fn drop(&mut self) {
        panic!("the core panics");
    }
}

async fn join(socket: Socket, args: Args) -> Result<Ack<Args>, JoinError> {
    socket.join("test room")?;
    Ok(Ack(args))
}

async fn emit_to_the_room(socket: Socket, args: Args) -> Result<Ack<Args>, EmitError> {
    socket.to("test room").emit("module.x", args.clone())?;
    Ok(Ack(args))
}

async fn relay(socket: Socket, EventName(name): EventName, args: Args) -> Result<Ack<Args>, EmitError> {
    socket.broadcast().emit(&name, args.clone())?;
    Ok(Ack(args))
}

dormouse::world!(World, app);
