//! The bounds of a world's WebSockets, as numbers for JavaScript.

use wasm_bindgen::JsValue;
use wasm_bindgen::closure::Closure;

use super::runtime;
use super::runtime::Sockets;
use crate::config::ReaderBounds;
use crate::id::ConnId;
use crate::limits::{
    FRAME_OVERHEAD_BYTES, SLOW_READER_AFTER, UNREAD_DROP_AFTER, UNREAD_RETRY_AFTER, VOLATILE_UNSENT_BYTES,
};
use crate::object::Readers;
use crate::value::Frame;

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

/// Notes what `Sockets` found while it sent a packet: what the sender is charged, and who was slow.
pub(super) fn note_readers(readers: &mut Readers, found: Option<Vec<u32>>) {
    let mut found = found.unwrap_or_default().into_iter();
    readers.queued = readers.queued.saturating_add(found.next().unwrap_or_default() as usize);
    readers.slow.extend(found.map(ConnId));
}

/// Returns the unsent bytes from which on a WebSocket gets no volatile packets.
pub(super) fn volatile_bytes() -> f64 {
    runtime::integer_to_js(VOLATILE_UNSENT_BYTES as u64)
}

/// Returns the size of a packet in bytes, for JavaScript.
pub(super) fn bytes_of(frames: &[Frame]) -> f64 {
    runtime::integer_to_js(frames.iter().map(|frame| frame.len() as u64).sum())
}
