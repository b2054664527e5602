//! Rooms, sockets, and the data of sockets.

use dormouse::error::JoinError;
use dormouse::routing::Routes;
use dormouse::{Ack, Args, Data, Failure, Io, Room, Socket, SocketId};
use serde_json::{Value, json};

pub(crate) fn routes(ns: Routes) -> Routes {
    ns.on("join", join)
        .on("leave", leave)
        .on("rooms", rooms)
        .on("to", to)
        .on("except", except)
        .on("everybody", everybody)
        .on("everybody else", everybody_else)
        .on("volatile", volatile)
        .on("flags", flags)
        .on("sockets", sockets)
        .on("sockets join", sockets_join)
        .on("sockets leave", sockets_leave)
        .on("disconnect sockets", disconnect_sockets)
        .on("set data", set_data)
        .on("data", data)
        .on("handshake", handshake)
        .on("conn", conn)
}

async fn join(socket: Socket, Data(names): Data<Vec<String>>) -> Result<Ack<Vec<Room>>, JoinError> {
    socket.join(names)?;
    Ok(Ack(socket.rooms()))
}

async fn leave(socket: Socket, Data(names): Data<Vec<String>>) -> Ack<Vec<Room>> {
    socket.leave(names);
    Ack(socket.rooms())
}

async fn rooms(socket: Socket) -> Ack<Vec<Room>> {
    Ack(socket.rooms())
}

async fn to(socket: Socket, Data((names, text)): Data<(Vec<String>, Value)>) -> Result<(), Failure> {
    Ok(socket.to(names).emit("said", text)?)
}

async fn except(io: Io, Data((to, except, text)): Data<(Vec<String>, Vec<String>, Value)>) -> Result<(), Failure> {
    Ok(io.to(to).except(except).emit("said", text)?)
}

async fn everybody(io: Io, args: Args) -> Result<(), Failure> {
    Ok(io.emit("said", args)?)
}

async fn everybody_else(socket: Socket, args: Args) -> Result<(), Failure> {
    Ok(socket.broadcast().emit("said", args)?)
}

async fn volatile(socket: Socket, Data((id, args)): Data<(SocketId, Value)>, io: Io) -> Result<Ack<()>, Failure> {
    io.to(id).volatile().emit("volatile", args)?;
    socket.broadcast().volatile().except(id).emit("volatile", "for the others")?;
    Ok(Ack(()))
}

/// Uses the flags that are accepted and have no effect.
async fn flags(socket: Socket, io: Io) -> Result<(), Failure> {
    socket.compress(false).emit("said", "socket")?;
    io.compress(true).emit("said", "io")?;
    io.local().emit("said", "local io")?;
    socket.local().compress(false).emit("said", "local socket")?;
    Ok(())
}

async fn sockets(io: Io, Data(room): Data<Option<String>>) -> Result<Ack<Value>, Failure> {
    let sockets = match room {
        Some(room) => io.within(room).fetch_sockets().await,
        None => io.fetch_sockets().await,
    };
    let mut found = Vec::new();
    for socket in sockets {
        let address = socket.handshake().map(|handshake| handshake.url().to_owned());
        found.push(
            json!({ "id": socket.id(), "rooms": socket.rooms(), "data": socket.data::<Value>()?, "url": address }),
        );
    }
    let ids = io.all_sockets().await;
    Ok(Ack(json!({ "sockets": found, "ids": ids, "count": io.sockets().len(), "clients": io.clients_count() })))
}

async fn sockets_join(
    io: Io,
    Data((who, rooms)): Data<(String, Vec<String>)>,
) -> Result<Ack<Vec<SocketId>>, JoinError> {
    io.to(&who).sockets_join(&rooms)?;
    Ok(Ack(ids_in(&io, rooms.first()).await))
}

async fn sockets_leave(io: Io, Data((who, rooms)): Data<(String, Vec<String>)>) -> Ack<Vec<SocketId>> {
    io.to(&who).sockets_leave(&rooms);
    Ack(ids_in(&io, rooms.first()).await)
}

async fn ids_in(io: &Io, room: Option<&String>) -> Vec<SocketId> {
    match room {
        Some(room) => io.to(room).all_sockets().await,
        None => Vec::new(),
    }
}

async fn disconnect_sockets(io: Io, Data((who, close)): Data<(String, bool)>) {
    io.to(who).disconnect_sockets(close);
}

async fn set_data(socket: Socket, Data(data): Data<Value>) -> Result<Ack<&'static str>, Failure> {
    socket.set_data(&data)?;
    Ok(Ack("set"))
}

/// Returns a tuple, because serde writes `Value::Null` as it writes `()`, which stands for no arguments.
async fn data(socket: Socket) -> Result<Ack<(Value,)>, Failure> {
    Ok(Ack((socket.data()?,)))
}

async fn handshake(socket: Socket) -> Result<Ack<Value>, Failure> {
    let handshake = socket.handshake().ok_or_else(|| Failure::new("GONE", "the socket is gone"))?;
    let headers: serde_json::Map<_, _> =
        handshake.headers().map(|(name, value)| (name.to_owned(), value.into())).collect();
    let query: serde_json::Map<_, _> = handshake.query().map(|(name, value)| (name, value.into())).collect();
    Ok(Ack(json!({
        "headers": headers,
        "query": query,
        "auth": handshake.auth::<Value>()?,
        "address": handshake.address(),
        "url": handshake.url(),
        "secure": handshake.is_secure(),
        "xdomain": handshake.is_xdomain(),
        "issued": handshake.issued().as_millis(),
        "time": handshake.time(),
    })))
}

async fn conn(socket: Socket) -> Option<Ack<Value>> {
    let conn = socket.conn()?;
    Some(Ack(json!({
        "id": conn.id().as_str(),
        "transport": conn.transport(),
        "upgraded": conn.upgraded(),
        "protocol": conn.protocol(),
    })))
}
