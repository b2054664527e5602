//! When a client reads too slowly.

use core::time::Duration;

use crate::limits::{FRAME_OVERHEAD_BYTES, MAX_UNSENT_BUFFERS, SLOW_READER_AFTER};

/// The bounds of what waits for a client: on its WebSocket, or for its next GET.
///
/// A client is slow if it does not get on, not if others send fast. The platform documents the rule for WebSockets:
/// [`Platform::send`](crate::object::Platform::send).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReaderBounds {
    /// The cost up to which no client is slow: `MAX_BUFFERED_BYTES`.
    pub fine: usize,
    /// The cost above which every client is slow.
    pub most: usize,
}

impl ReaderBounds {
    /// Returns the bounds for this value of `MAX_BUFFERED_BYTES`.
    pub const fn new(max_buffered_bytes: usize) -> Self {
        Self { fine: max_buffered_bytes, most: max_buffered_bytes.saturating_mul(MAX_UNSENT_BUFFERS) }
    }

    /// Returns whether a client is slow for which frames of this cost wait and which has read none of them for `still`.
    pub fn is_slow(self, cost: usize, still: Duration) -> bool {
        cost > self.most || (cost > self.fine && still >= SLOW_READER_AFTER)
    }
}

/// Returns the cost of frames that wait, in bytes: their payloads, and what each frame takes beside its payload.
pub(crate) const fn cost_of(payloads: usize, frames: usize) -> usize {
    payloads.saturating_add(frames.saturating_mul(FRAME_OVERHEAD_BYTES))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_slow_if_it_does_not_get_on_or_if_too_much_waits() {
        let bounds = ReaderBounds::new(1_000);
        assert!(!bounds.is_slow(1_000, SLOW_READER_AFTER));
        assert!(!bounds.is_slow(1_001, SLOW_READER_AFTER.saturating_sub(Duration::from_millis(1))));
        assert!(bounds.is_slow(1_001, SLOW_READER_AFTER));
        assert!(!bounds.is_slow(1_000 * MAX_UNSENT_BUFFERS, Duration::ZERO));
        assert!(bounds.is_slow(1_000 * MAX_UNSENT_BUFFERS + 1, Duration::ZERO));
    }
}
