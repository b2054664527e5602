//! Handlers that wait for timers and requests of the runtime.

use dormouse::routing::Routes;
use dormouse::{Ack, Data, Failure, Socket};

use crate::runtime::{fetch, wait};

pub(crate) fn routes(ns: Routes) -> Routes {
    ns.on("wait", wait_for).on("fetch", fetch_page).on("wait for ever", wait_for_ever).on("panic late", panic_late)
}

async fn wait_for(socket: Socket, Data((name, milliseconds)): Data<(String, u64)>) -> Result<Ack<String>, Failure> {
    socket.emit("before", &name)?;
    wait(milliseconds).await;
    socket.emit("after", &name)?;
    wait(milliseconds).await;
    socket.emit("at last", &name)?;
    Ok(Ack(name))
}

/// Waits for a request to another server.
async fn fetch_page(socket: Socket, Data(url): Data<String>) -> Result<Ack<String>, Failure> {
    socket.emit("before", &url)?;
    let page = fetch(&url).await?;
    socket.emit("after", page.len())?;
    Ok(Ack(page))
}

/// Waits for nothing that the runtime knows of, so the handler does not keep the world awake, and is lost with its memory.
async fn wait_for_ever(socket: Socket) -> Result<Ack<&'static str>, Failure> {
    socket.emit("before", "for ever")?;
    core::future::pending::<()>().await;
    Ok(Ack("never"))
}

#[expect(clippy::panic, reason = "what the event is for")]
async fn panic_late(socket: Socket, Data(milliseconds): Data<u64>) -> Result<Ack<&'static str>, Failure> {
    socket.join("joined before the panic")?;
    socket.emit("before", "the panic")?;
    wait(milliseconds).await;
    socket.emit("after", "the wait")?;
    panic!("the handler panics after it waited");
}
