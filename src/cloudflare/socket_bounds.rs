//! The bounds of a world's WebSockets, as numbers for JavaScript.

use wasm_bindgen::JsValue;
use wasm_bindgen::closure::Closure;

use super::runtime;
use super::runtime::Sockets;
use crate::config::ReaderBounds;
use crate::limits::{FRAME_OVERHEAD_BYTES, SLOW_READER_AFTER, UNREAD_DROP_AFTER, UNREAD_RETRY_AFTER};

/// Returns the WebSockets of the object with this state. They call `is_deserted`.
pub(super) fn new_sockets(
    state: &JsValue,
    readers: ReaderBounds,
    is_deserted: &Closure<dyn FnMut() -> bool>,
) -> Sockets {
    let ReaderBounds { fine, most } = readers;
    let [fine, most, overhead, queued_from, nearly, step] =
        [fine, most, FRAME_OVERHEAD_BYTES, readers.queued_from(), readers.nearly(), readers.step()]
            .map(|bytes| runtime::integer_to_js(bytes as u64));
    let [slow_after, drop_after, retry_after] =
        [SLOW_READER_AFTER, UNREAD_DROP_AFTER, UNREAD_RETRY_AFTER].map(runtime::span_to_js);
    let deserted = is_deserted.as_ref();
    Sockets::new(state, fine, most, overhead, queued_from, nearly, step, slow_after, drop_after, retry_after, deserted)
}
