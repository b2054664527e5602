//! Timers of the runtime.

use core::time::Duration;

use js_sys::Promise;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen(module = "/src/outside/sleep.js")]
extern "C" {
    type Timer;
    #[wasm_bindgen(constructor)]
    fn new(milliseconds: f64) -> Timer;
    #[wasm_bindgen(method, getter)]
    fn over(this: &Timer) -> Promise;
    #[wasm_bindgen(method)]
    fn end(this: &Timer);
}

/// A timer that ends when it is dropped, because it keeps the world awake.
struct Running(Timer);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// Waits, never shorter: the runtime cuts off parts of a millisecond.
pub(super) async fn pause(span: Duration) {
    let timer = Running(Timer::new((span.as_secs_f64() * 1_000.0).ceil()));
    let _ = JsFuture::from(timer.0.over()).await;
}
