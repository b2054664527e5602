//! When a client reads too slowly.

use core::time::Duration;

use crate::limits::{FRAME_OVERHEAD_BYTES, MAX_UNSENT_BUFFERS, QUEUED_FROM_BYTES, QUEUED_STEPS, SLOW_READER_AFTER};

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

    /// Returns the cost above which whoever adds to it is charged more than its bytes.
    pub const fn nearly(self) -> usize {
        self.most / 2
    }

    /// Returns the cost above [`nearly`](Self::nearly) that makes each byte cost one more.
    pub fn step(self) -> usize {
        (self.nearly() / QUEUED_STEPS).max(1)
    }

    /// Returns the cost from which on a reader does not read as fast as others send.
    pub fn queued_from(self) -> usize {
        QUEUED_FROM_BYTES.min(self.fine)
    }

    /// Returns the bytes that the sender of a packet is charged, because its reader does not read as fast: the cost of the packet, and
    /// a multiple of it if the reader is nearly slow, so that its sender is refused before the reader is closed. `waiting` is the cost
    /// of what waits for the reader already.
    pub fn queued(self, waiting: usize, packet: usize) -> usize {
        if waiting <= self.queued_from() {
            return 0;
        }
        let above = waiting.saturating_add(packet).saturating_sub(self.nearly());
        packet.saturating_mul(1 + above / self.step())
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
    fn who_adds_to_what_waits_for_a_reader_pays_more_the_more_it_is() {
        let bounds = ReaderBounds::new(1_000_000);
        assert_eq!(bounds.queued(QUEUED_FROM_BYTES, 9_000_000), 0);
        assert_eq!(bounds.queued(QUEUED_FROM_BYTES + 1, 1_000), 1_000);
        assert_eq!(bounds.queued(7_999_000, 1_000), 1_000);
        assert_eq!(bounds.queued(8_124_000, 1_000), 2_000);
        assert_eq!(bounds.queued(15_999_000, 1_000), 1_000 * (1 + QUEUED_STEPS));
        // To fill it, a client needs several times its burst.
        let all: usize = (0..16_000).map(|kilobytes| bounds.queued(kilobytes * 1_000, 1_000)).sum();
        assert!(all > 8 * 32_000_000, "{all}");
        assert_eq!(ReaderBounds::new(1_000).queued(1_000, 1), 0);
    }

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
