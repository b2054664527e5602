//! The app's state beside what else handlers may keep: what survives is for the tests to see.

use core::cell::Cell;
use std::rc::Rc;

use dormouse::extract::{HttpRequest, SocketData};
use dormouse::response::HttpResponse;
use dormouse::routing::Routes;
use dormouse::{Ack, App, Failure, Io, Socket, State, Storage};
use serde_json::{Value, json};

#[derive(Default)]
struct Count(Cell<u32>);

thread_local! {
    /// All worlds of the isolate share it.
    static SHARED: Cell<u32> = const { Cell::new(0) };
}

pub(crate) fn states(app: App) -> App {
    app.with_state(Count::default()).route("GET", "/world", world)
}

pub(crate) fn handlers(ns: Routes) -> Routes {
    ns.on("count", count)
        .on("world", async |io: Io, socket: Socket| Ack([io.world(), socket.world()]))
        .on("no state", no_state)
}

/// Adds one to each of what a handler may keep.
async fn count(
    socket: Socket,
    storage: Storage,
    State(count): State<Count>,
    SocketData(data): SocketData<u32>,
) -> Result<Ack<Value>, Failure> {
    count.0.set(count.0.get() + 1);
    SHARED.set(SHARED.get() + 1);
    socket.set_data(&(data + 1))?;
    socket.join(format!("room {}", socket.rooms().len()))?;
    let stored = storage.get::<u32>("count")?.unwrap_or_default() + 1;
    storage.put("count", &stored)?;
    Ok(Ack(json!({
        "state": count.0.get(), "thread_local": SHARED.get(), "data": data + 1, "storage": stored, "rooms": socket.rooms().len(),
    })))
}

async fn no_state(_: State<String>) {}

async fn world(request: Rc<HttpRequest>, io: Io) -> HttpResponse {
    HttpResponse::json(200, &[request.world(), io.world().as_str()])
}
