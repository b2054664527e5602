//! The payload of a message: the message's number, its sender, and padding.

/// The smallest payload in bytes: the mark must fit.
pub(crate) const MIN_BYTES: usize = 24;

/// Identifies a message. The mark is at the front of the payload, so that a truncated message can be identified, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark {
    /// The message's number, counted from 0 for each sender.
    pub seq: u64,
    /// The client that sent it.
    pub sender: usize,
}

impl Mark {
    /// Returns the payload: `SEQ.SENDER.`, and padding up to `bytes` bytes. It needs no escapes in a JSON string.
    pub(crate) fn payload(self, bytes: usize) -> String {
        let mut payload = format!("{}.{}.", self.seq, self.sender);
        let padding = bytes.saturating_sub(payload.len());
        payload.extend(std::iter::repeat_n('x', padding));
        payload
    }

    /// Parses the mark of a payload. Returns `None` if there is none.
    pub(crate) fn of(payload: &[u8]) -> Option<Self> {
        let mut parts = payload.splitn(3, |byte| *byte == b'.');
        let mut number = || std::str::from_utf8(parts.next()?).ok()?.parse::<u64>().ok();
        let (seq, sender) = (number()?, number()?);
        parts.next()?;
        Some(Self { seq, sender: usize::try_from(sender).ok()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_tells_its_mark_and_has_its_length() {
        let mark = Mark { seq: 12_345_678_901, sender: 4_999 };
        for bytes in [MIN_BYTES, 100, 16_384] {
            let payload = mark.payload(bytes);
            assert_eq!(payload.len(), bytes);
            assert_eq!(Mark::of(payload.as_bytes()), Some(mark));
        }
    }

    #[test]
    fn a_payload_that_was_cut_off_tells_its_mark() {
        assert_eq!(Mark::of(b"7.3."), Some(Mark { seq: 7, sender: 3 }));
    }

    #[test]
    fn what_is_no_payload_has_no_mark() {
        for other in [&b""[..], b"7", b"7.", b"7.3", b"x.3.", b"7.x.", b"-7.3.", b".3.", b"\xff.3."] {
            assert_eq!(Mark::of(other), None, "{other:?}");
        }
    }
}
