//! Sockets that leave, and why.

use dormouse::{Data, Failure, Io, Reason, Room, Routes, Socket, SocketId};

use crate::tell;

pub fn routes(ns: Routes) -> Routes {
    ns.on("leave me", leave_me).on_disconnecting(disconnecting).on_disconnect(disconnected)
}

/// Is disconnected, its connection closed or not.
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
