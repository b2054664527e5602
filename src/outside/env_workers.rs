//! The platform's own type of bindings.

use wasm_bindgen::JsCast as _;

use super::Outside;
use super::env::Env;
use crate::time::Timestamp;

impl Outside {
    /// Returns the time of the runtime's clock, which stands still while code runs.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the time since 1970 in milliseconds")]
    #[expect(clippy::unused_self, reason = "on the host, each test has a clock of its own")]
    pub(super) fn now(&self) -> Timestamp {
        Timestamp::from_millis(js_sys::Date::now() as u64)
    }
}

impl Env {
    /// Returns the bindings as the crate `worker` has them, which is re-exported as `dormouse::worker`, for what has no method here. It
    /// exists on wasm32 only. Some methods of that crate panic where the runtime throws: that costs the event.
    pub fn raw(&self) -> worker::Env {
        self.0.env.clone().unchecked_into()
    }
}
