//! What each client may cause per second.

use super::limits;

/// What each client may cause per second on average; for a moment, ten times as much ([`BURST_SECONDS`](limits::BURST_SECONDS)), and a
/// hundred times as many rows ([`ROW_BURST_SECONDS`](limits::ROW_BURST_SECONDS)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientRates {
    /// `MAX_PACKETS_PER_SECOND`: packets that it sends; 1,000.
    pub packets: u64,
    /// `MAX_BYTES_PER_SECOND`: bytes that it sends; 5,000,000.
    pub bytes: u64,
    /// `MAX_DELIVERIES_PER_SECOND`: packets that are sent to other clients because of it; 25,000.
    pub deliveries: u64,
    /// `MAX_QUEUED_BYTES_PER_SECOND`: bytes that are sent to other clients because of it while these still have unsent bytes;
    /// 3,200,000.
    pub queued_bytes: u64,
    /// `MAX_ROWS_PER_SECOND`: rows that handlers write because of it; 1.
    pub rows: u64,
}

impl ClientRates {
    /// Parses the variables. `number` parses one of them.
    pub(super) fn parse<E>(number: impl Fn(&'static str, limits::NumberLimit) -> Result<u64, E>) -> Result<Self, E> {
        Ok(Self {
            packets: number("MAX_PACKETS_PER_SECOND", limits::MAX_PACKETS_PER_SECOND)?,
            bytes: number("MAX_BYTES_PER_SECOND", limits::MAX_BYTES_PER_SECOND)?,
            deliveries: number("MAX_DELIVERIES_PER_SECOND", limits::MAX_DELIVERIES_PER_SECOND)?,
            queued_bytes: number("MAX_QUEUED_BYTES_PER_SECOND", limits::MAX_QUEUED_BYTES_PER_SECOND)?,
            rows: number("MAX_ROWS_PER_SECOND", limits::MAX_ROWS_PER_SECOND)?,
        })
    }
}

impl Default for ClientRates {
    fn default() -> Self {
        Self {
            packets: limits::MAX_PACKETS_PER_SECOND.0,
            bytes: limits::MAX_BYTES_PER_SECOND.0,
            deliveries: limits::MAX_DELIVERIES_PER_SECOND.0,
            queued_bytes: limits::MAX_QUEUED_BYTES_PER_SECOND.0,
            rows: limits::MAX_ROWS_PER_SECOND.0,
        }
    }
}
