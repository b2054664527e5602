//! The bench's server, written as a user of Dormouse would write it.

use dormouse::error::{EmitError, JoinError};
use dormouse::socket::Handshake;
use dormouse::{Ack, App, Args, Socket};

/// Returns the app, which `benches/` also measures, without a runtime.
pub(crate) fn app() -> App {
    App::new().namespace("/", |ns| ns.on_connect(enter).on("all", all).on("room", room).on("ask", ask))
}

async fn enter(socket: Socket, handshake: Handshake) -> Result<(), JoinError> {
    handshake.query_param("room").map_or(Ok(()), |room| socket.join(room))
}

async fn all(socket: Socket, args: Args) -> Result<(), EmitError> {
    socket.broadcast().emit("all", args)
}

async fn room(socket: Socket, args: Args) -> Result<(), EmitError> {
    socket.to(socket.rooms()).emit("room", args)
}

async fn ask(args: Args) -> Ack<Args> {
    Ack(args)
}

dormouse::world!(World, app);
