//! The attachments of a packet, each of which is taken once.

use core::cell::Cell;

use bytes::Bytes;
use serde::de::Error;

use super::placed::named;

/// A packet's attachments. Each can be taken only once, because taking it copies it: a text that repeats one placeholder ten
/// thousand times could otherwise have a long attachment copied as often.
#[derive(Debug)]
pub(super) struct Attachments<'a> {
    bytes: &'a [Bytes],
    taken: Box<[Cell<bool>]>,
    /// Which are in a value that was skipped: those are not the reader's mistakes.
    skipped: Box<[Cell<bool>]>,
    /// Whether a part of the argument was kept as JSON text, whatever is in it.
    is_kept: Cell<bool>,
}

impl<'a> Attachments<'a> {
    /// Creates the list, with no attachment taken yet.
    pub(super) fn new(bytes: &'a [Bytes]) -> Self {
        let none = || bytes.iter().map(|_| Cell::new(false)).collect();
        Self { bytes, taken: none(), skipped: none(), is_kept: Cell::new(false) }
    }

    /// Returns whether an attachment that an argument names was neither taken as bytes, nor skipped, nor kept as JSON text, now that the
    /// argument was read: a map or a struct has taken its placeholder for an object.
    // Not generic, so that the wasm has it once.
    #[inline(never)]
    pub(super) fn has_left(&self, json: &str) -> bool {
        let is_kept = self.is_kept.take();
        let mut seen = self.taken.iter().zip(&self.skipped).map(|(taken, skipped)| taken.get() || skipped.get());
        if is_kept || seen.clone().all(|seen| seen) {
            return false;
        }
        // What cannot be read has nothing that was: it is too deep.
        named(json, self.bytes.len())
            .is_some_and(|named| named.iter().any(|named| !seen.next().unwrap_or(true) && *named))
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Returns whether a JSON text has a placeholder of one of them.
    pub(super) fn are_in(&self, json: &str) -> bool {
        named(json, self.bytes.len()).is_none_or(|named| named.contains(&true))
    }

    /// Notes that a part of the argument is kept as JSON text.
    pub(super) fn keep(&self) {
        self.is_kept.set(true);
    }

    /// Notes that a value is skipped.
    #[inline(never)]
    pub(super) fn skip(&self, json: &str) {
        let named = named(json, self.bytes.len());
        for (index, skipped) in self.skipped.iter().enumerate() {
            if named.as_ref().is_none_or(|named| named.get(index) == Some(&true)) {
                skipped.set(true);
            }
        }
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
        Ok(bytes.to_vec())
    }
}

/// The problem with a binary value that is read as if it was JSON.
pub(super) const BINARY: &str = "invalid type: binary, expected JSON";
