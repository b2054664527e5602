//! Sockets that leave, and the reasons.

use dormouse::routing::Routes;
use dormouse::socket::Reason;
use dormouse::{Ack, Data, Failure, Io, Room, Socket, SocketId};

use crate::tell;

pub(crate) fn routes(ns: Routes) -> Routes {
    ns.on("leave me", leave_me).on("turn away", turn_away).on_disconnecting(disconnecting).on_disconnect(disconnected)
}

/// A namespace that is full: emits `full` to each client that joins, and closes its connection.
pub(crate) fn full(ns: Routes) -> Routes {
    ns.on_connect(async |socket: Socket| say_full(&socket))
}

fn say_full(socket: &Socket) -> Result<(), Failure> {
    socket.emit("full", ())?;
    socket.disconnect(true);
    Ok(())
}

/// Emits `full` to another client and closes its connection.
async fn turn_away(io: Io, Data(id): Data<SocketId>) -> Result<Ack<()>, Failure> {
    let other = io.socket(id).ok_or_else(|| Failure::new("NOBODY", "nobody has this id"))?;
    say_full(&other)?;
    Ok(Ack(()))
}

/// Disconnects the socket, and closes its connection if the client asks for that.
async fn leave_me(socket: Socket, Data(close): Data<bool>) {
    socket.disconnect(close);
}

async fn disconnecting(io: Io, socket: Socket, reason: Reason) -> Result<(), Failure> {
    let rooms: Vec<Room> = socket.rooms().into_iter().filter(|room| room.as_str() != socket.id().as_str()).collect();
    tell(&io, "leaving", (socket.id(), reason.as_str(), rooms))
}

async fn disconnected(io: Io, id: SocketId, reason: Reason) -> Result<(), Failure> {
    tell(&io, "left", (id, reason.as_str()))
}
