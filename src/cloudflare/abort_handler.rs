//! What the wasm instance does when it panics: it prints that; and what it does last when it aborts: it tells JavaScript, whose memory
//! survives.

use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::panic;

use wasm_bindgen::prelude::*;

use super::runtime;
use super::workers_platform::Workers;
use crate::id::ConnId;
use crate::world::culprit;

/// 0 unless a world is waking; then 1 more than the number of the WebSocket whose snapshot is being read.
static READING: AtomicU32 = AtomicU32::new(0);

/// Makes the instance print panics, and tell JavaScript when it aborts. Without unwinding, wasm-bindgen has no hook for aborts.
pub(crate) fn watch() {
    static PRINTS: AtomicBool = AtomicBool::new(false);
    if !PRINTS.swap(true, Ordering::Relaxed) {
        print_panics();
    }
    runtime::keep_exports(&wasm_bindgen::exports());
    // In place of the handler of the crate `worker`, which only schedules the next instance.
    wasm_bindgen::handler::set_on_abort(on_abort);
}

/// Prints each panic with its trace, in front of the hook of the crate `worker`, which stays: without unwinding, it tells
/// worker-build's shim to start another instance. Which world and event a panic was about is logged by who catches it.
fn print_panics() {
    let next = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        console_error_panic_hook::hook(info);
        next(info);
    }));
}

impl Workers {
    /// Notes the event under way, for the log if the wasm instance aborts.
    pub(crate) fn note(&self, event: &str) {
        runtime::note(&self.state, event);
    }

    /// Notes an event that the world causes by itself: see [`Platform::aborts`](crate::object::Platform::aborts).
    pub(crate) fn note_own(&self, event: &str) {
        runtime::note_own(&self.state, event);
    }
}

/// Notes the WebSocket whose snapshot is being read; `None` when the world is awake.
pub(crate) fn note_reading(conn: Option<ConnId>) {
    READING.store(conn.map_or(0, |conn| conn.0.wrapping_add(1)), Ordering::Relaxed);
}

/// Runs when the stack may be full, so it must not use any; and a call of JavaScript traps when it returns.
fn on_abort() {
    runtime::aborted(READING.load(Ordering::Relaxed), culprit::number());
}

/// Makes wasm-bindgen start another instance at its next call. `aborts.js` calls this in the lost instance.
#[wasm_bindgen]
#[expect(unreachable_pub, reason = "wasm-bindgen exports public functions only")]
pub fn __dormouse_schedule_reinit() {
    wasm_bindgen::handler::schedule_reinit();
}
