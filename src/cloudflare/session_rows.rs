//! The rows of sessions, as `database.js` numbers and returns them.

use bytes::Bytes;
use js_sys::Uint8Array;
use litemap::LiteMap;
use wasm_bindgen::JsValue;

use super::runtime;
use crate::core::snapshot::Parts;
use crate::id::Sid;
use crate::object::RowKind;

/// Returns the number of the first row of a kind.
pub(super) const fn first_row(kind: RowKind) -> u32 {
    match kind {
        RowKind::Body => 0,
        RowKind::Texts => 1_000_000,
    }
}

/// Reads the long attachments of the unfinished packet of a session.
///
/// # Errors
/// The runtime failed.
pub(super) fn read_parts(state: &JsValue, sid: Sid) -> Result<Parts, JsValue> {
    let places = runtime::read_part_places(state, sid.as_str())?;
    let parts = runtime::read_parts(state, sid.as_str())?;
    let mut long: LiteMap<usize, Vec<u8>> = LiteMap::new();
    for (place, part) in places.into_iter().zip(parts) {
        match long.get_mut(&(place as usize)) {
            Some(bytes) => bytes.extend(take_bytes(&part)),
            None => drop(long.insert(place as usize, take_bytes(&part))),
        }
    }
    let mut parts = Parts::new();
    for (place, bytes) in long {
        parts.insert(place, Bytes::from(bytes));
    }
    Ok(parts)
}

/// Copies bytes out of the runtime, which drops them.
pub(super) fn take_bytes(bytes: &Uint8Array) -> Vec<u8> {
    let copy = bytes.to_vec();
    runtime::drop_bytes(bytes);
    copy
}
