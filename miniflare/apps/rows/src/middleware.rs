//! Packet middleware, and handlers of more than one event. They have a namespace of their own, because they report every event
//! that is received or emitted in it.

use dormouse::extract::EventName;
use dormouse::routing::Routes;
use dormouse::{Ack, Args, Data, Failure, Io, Socket};

use crate::runtime::wait;
use crate::tell;

pub(crate) fn routes(ns: Routes) -> Routes {
    ns.on_any(any)
        .prepend_any(before_any)
        .on_any_outgoing(any_outgoing)
        .guard_event(delay)
        .guard_event(forbid)
        .once("hello", hello_once)
        .on("hello", hello)
        .on("number", number)
        .on("delayed", delayed)
        .fallback(fallback)
        .on_error(error)
}

async fn before_any(io: Io, EventName(name): EventName) -> Result<(), Failure> {
    tell(&io, "before any", &*name)
}

async fn any(io: Io, EventName(name): EventName, args: Args) -> Result<(), Failure> {
    tell(&io, "any", (&*name, args.len()))
}

async fn any_outgoing(io: Io, socket: Socket, EventName(name): EventName, args: Args) -> Result<(), Failure> {
    tell(&io, "any outgoing", (socket.id(), &*name, args.len()))
}

async fn delay(EventName(name): EventName) {
    if &*name == "delayed" {
        wait(150).await;
    }
}

async fn forbid(EventName(name): EventName) -> Result<(), Failure> {
    if &*name == "forbidden" {
        return Err(Failure::new("FORBIDDEN", "this event is forbidden"));
    }
    Ok(())
}

async fn hello_once(socket: Socket) -> Result<Ack<&'static str>, Failure> {
    socket.emit("hello", "for the first time")?;
    Ok(Ack("for the first time"))
}

async fn hello() -> Ack<&'static str> {
    Ack("again")
}

async fn number(Data(number): Data<u32>) -> Ack<u32> {
    Ack(number)
}

async fn delayed(args: Args) -> Ack<Args> {
    Ack(args)
}

async fn fallback(EventName(name): EventName) -> Ack<String> {
    Ack(format!("fallback: {name}"))
}

async fn error(io: Io, name: Option<EventName>, failure: Failure) {
    let name = name.map(|name| name.0.to_string());
    // An error of the error handler itself cannot be reported.
    let _ = tell(&io, "error", (name, failure.code(), failure.message()));
}
