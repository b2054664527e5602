//! Handlers that abort the wasm instance, which unwinding does not catch.

use core::future::pending;
use core::hint::black_box;
use core::time::Duration;

use dormouse::extract::{Attempt, EventName};
use dormouse::response::HttpResponse;
use dormouse::routing::Routes;
use dormouse::{Ack, App, Data, Failure, Io, Storage};

/// Adds alarms that abort, as their names say, a route that never responds, and a namespace whose sockets abort when they leave.
pub(crate) fn add(app: App) -> App {
    app.namespace("/leaving", |ns| ns.on_disconnect(async || abort("unreachable")))
        .on_alarm("fine", async |io: Io, Attempt(attempt): Attempt| io.emit("alarm", ("fine", attempt)))
        .on_alarm("{kind}/aborts", async |io: Io, EventName(name): EventName, Attempt(attempt): Attempt| {
            io.emit("never heard", ())?;
            abort(name.split('/').next().unwrap_or_default());
            io.emit("alarm", (&*name, attempt))
        })
        .on_alarm_given_up(async |io: Io, EventName(name): EventName| io.emit("given up", &*name))
        .route("GET", "/waits", async || pending::<HttpResponse>().await)
        .route("GET", "/aborts", async || {
            abort("unreachable");
            HttpResponse::empty(204)
        })
}

/// Adds the events `test:abort(kind)`, `test:alarm(name, milliseconds)`, `test:write-and-abort(number)` and `test:written`.
pub(crate) fn add_events(ns: Routes) -> Routes {
    ns.on("test:abort", async |Data(kind): Data<String>| abort(&kind))
        .on("test:alarm", set_alarm)
        .on("test:write-and-abort", async |storage: Storage, Data(number): Data<u32>| {
            storage.put("number", &number)?;
            abort("unreachable");
            Ok::<_, Failure>(())
        })
        .on("test:written", async |storage: Storage| Ok::<_, Failure>(Ack(storage.get::<u32>("number")?)))
}

async fn set_alarm(io: Io, Data((name, millis)): Data<(String, u64)>) -> Result<Ack<()>, Failure> {
    io.set_alarm(&name, Duration::from_millis(millis), ())?;
    Ok(Ack(()))
}

fn abort(kind: &str) {
    match kind {
        "stack" => drop(black_box(overflow(0))),
        "recursion" => drop(black_box(recurse(0))),
        "memory" => exhaust(),
        _ => unreachable(),
    }
}

/// Overflows the stack in wasm's memory, where the frame's array is.
fn overflow(depth: u64) -> u64 {
    let frame = black_box([depth; 512]);
    if depth == u64::MAX { depth } else { overflow(depth + 1).wrapping_add(frame.iter().sum()) }
}

/// Overflows the stack of the engine.
fn recurse(depth: u64) -> u64 {
    if depth == u64::MAX { depth } else { black_box(recurse(black_box(depth) + 1)) + 1 }
}

/// Allocates until there is no more memory.
fn exhaust() {
    let mut all = Vec::new();
    loop {
        all.push(black_box(Vec::<u8>::with_capacity(1 << 28)));
    }
}

#[cfg(target_arch = "wasm32")]
fn unreachable() {
    core::arch::wasm32::unreachable()
}

#[cfg(not(target_arch = "wasm32"))]
const fn unreachable() {}
