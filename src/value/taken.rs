//! The attachments of a packet, each of which is taken once.

use core::cell::Cell;

use bytes::Bytes;
use serde::de::Error;

use super::placed::{is_placeholder, named};

/// A packet's attachments. Each can be taken only once, because taking it copies it: a text that repeats one placeholder ten
/// thousand times could otherwise have a long attachment copied as often.
#[derive(Debug)]
pub(super) struct Attachments<'a> {
    bytes: &'a [Bytes],
    taken: Box<[Cell<bool>]>,
    /// How many values were taken as bytes, skipped, or kept as JSON text: those are not the reader's mistakes.
    handled: Cell<usize>,
}

impl<'a> Attachments<'a> {
    /// Creates the list, with no attachment taken yet.
    pub(super) fn new(bytes: &'a [Bytes]) -> Self {
        Self { bytes, taken: bytes.iter().map(|_| Cell::new(false)).collect(), handled: Cell::new(0) }
    }

    /// Returns how many values were taken as bytes, skipped, or kept as JSON text.
    pub(super) const fn handled(&self) -> usize {
        self.handled.get()
    }

    /// Returns whether an argument is binary and was neither taken as bytes, nor skipped, nor kept as it is since `handled` was `before`: a
    /// map has taken its placeholder for an object.
    // Not generic, so that the wasm has it once.
    #[inline(never)]
    pub(super) fn has_left(&self, json: &str, before: usize) -> bool {
        !self.bytes.is_empty() && self.handled() == before && is_placeholder(json)
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Returns whether a JSON text has a placeholder of one of them.
    pub(super) fn are_in(&self, json: &str) -> bool {
        named(json, self.bytes.len()).contains(&true)
    }

    /// Counts a value that is taken as bytes, skipped, or kept as JSON text.
    pub(super) fn handle(&self) {
        self.handled.set(self.handled.get().wrapping_add(1));
    }

    pub(super) fn take<E: Error>(&self, num: usize) -> Result<Vec<u8>, E> {
        let Some((bytes, taken)) = self.bytes.get(num).zip(self.taken.get(num)) else {
            return Err(E::custom(format_args!(
                "placeholder {num} names none of the {} attachments",
                self.bytes.len()
            )));
        };
        if taken.replace(true) {
            return Err(E::custom(format_args!("attachment {num} is named twice")));
        }
        self.handle();
        Ok(bytes.to_vec())
    }
}

/// The problem with a binary value that is read as if it was JSON.
pub(super) const BINARY: &str = "invalid type: binary, expected JSON";
