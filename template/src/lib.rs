//! A Socket.IO server. Each world, which the URL names, is one of its own, with its own clients and storage.
//! It sleeps while nobody sends anything, and forgets its variables. What must last is in `Storage` or in a socket's data.

use dormouse::extract::SocketData;
use dormouse::{Ack, App, Auth, Data, Failure, Socket, Storage};

/// Registers the handlers, once for all clients. Their arguments say what they need, in any order.
pub fn app() -> App {
    App::new().namespace("/", |ns| ns.guard(named).on("say", say))
}

/// What a client sends to connect: `io({ auth: { name: "Anna" } })`.
#[derive(serde::Deserialize)]
struct Visitor {
    name: String,
}

/// Decides who may connect. An error refuses the client, which receives it as `connect_error`.
async fn named(socket: Socket, Auth(visitor): Auth<Visitor>) -> Result<(), Failure> {
    match visitor.name.trim() {
        "" => Err(Failure::new("NO_NAME", "Connect with a name")),
        name => socket.set_data(name),
    }
}

/// Handles `say(text)`. All others receive `said(name, text)`, and the acknowledgement is how much was said in this world so far.
async fn say(
    socket: Socket,
    storage: Storage,
    SocketData(name): SocketData<String>,
    Data(text): Data<String>,
) -> Result<Ack<u64>, Failure> {
    let count = storage.get("count")?.unwrap_or(0) + 1;
    storage.put("count", &count)?;
    socket.broadcast().emit("said", (name, text))?;
    Ok(Ack(count))
}

// Exports the app as a Worker, with `World` as the class of its worlds.
dormouse::world!(World, app);
