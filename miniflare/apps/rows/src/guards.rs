//! Connection middleware.

use dormouse::routing::Routes;
use dormouse::{Ack, Auth, Failure, Socket};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::runtime::wait;

pub(crate) fn guarded(ns: Routes) -> Routes {
    ns.guard(has_token).guard(is_welcome).on_connect(greet).on("who am I", who_am_i)
}

/// Like [`guarded`], but with a guard that waits first, as one that asks a database does.
pub(crate) fn slowly(ns: Routes) -> Routes {
    ns.guard(slow).guard(has_token).guard(is_welcome).on_connect(greet).on("who am I", who_am_i)
}

#[derive(Debug, Deserialize)]
struct Ticket {
    token: String,
    name: String,
}

async fn has_token(Auth(ticket): Auth<Ticket>) -> Result<(), Failure> {
    if ticket.token == "secret" {
        return Ok(());
    }
    Err(Failure::new("NOT_ALLOWED", "not allowed").with_data(json!({ "code": 7, "token": ticket.token })))
}

async fn is_welcome(socket: Socket, Auth(ticket): Auth<Ticket>) -> Result<(), Failure> {
    if ticket.name == "Ann" {
        return Err(Failure::new("NOT_WELCOME", "Ann is not welcome"));
    }
    socket.set_data(&json!({ "name": ticket.name }))?;
    socket.join("let in")?;
    socket.emit("from the guard", ticket.name)?;
    Ok(())
}

async fn slow() {
    wait(150).await;
}

async fn greet(socket: Socket) -> Result<(), Failure> {
    socket.emit("connected", ())?;
    Ok(())
}

async fn who_am_i(socket: Socket) -> Result<Ack<(Value, Vec<dormouse::Room>)>, Failure> {
    Ok(Ack((socket.data()?, socket.rooms())))
}
