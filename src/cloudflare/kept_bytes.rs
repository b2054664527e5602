//! What the isolate keeps for clients outside of the wasm instance.

use wasm_bindgen::JsValue;

use super::runtime;
use super::runtime::Sockets;
use crate::id::Sid;
use crate::object::{Unfinished, Unowned};

/// Returns what no session owes.
pub(super) fn unowned(sockets: &Sockets) -> Unowned {
    let mut bytes = sockets.unowned().into_iter().map(to_bytes);
    let mut next = || bytes.next().unwrap_or_default();
    Unowned { closing: next(), bodies: next() }
}

/// Returns what is not finished, with these numbers of requests and calls.
pub(super) fn unfinished(sockets: &Sockets, requests: usize, calls: usize) -> Unfinished {
    let mut numbers = sockets.unfinished().into_iter();
    let (closing, unsent) = (numbers.next().unwrap_or_default(), numbers.next().unwrap_or_default());
    Unfinished { requests, calls, closing: to_bytes(closing), unsent: runtime::integer_from_js(unsent) }
}

/// Returns the bytes of the responses of an object that clients have not read, by session.
pub(super) fn unread(state: &JsValue) -> Vec<(Sid, usize)> {
    let mut unread = runtime::unread_responses(state).into_iter();
    let next = || {
        let (sid, bytes) = unread.next().zip(unread.next())?;
        Some((Sid::parse(&sid.as_string()?)?, to_bytes(bytes.as_f64().unwrap_or_default())))
    };
    core::iter::from_fn(next).collect()
}

fn to_bytes(number: f64) -> usize {
    usize::try_from(runtime::integer_from_js(number)).unwrap_or(usize::MAX)
}
