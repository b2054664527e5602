//! Payloads of HTTP long-polling: packets joined by a record separator (Engine.IO 4, "HTTP long-polling").

use super::wire::encode_text;
use crate::value::Frame;

const SEPARATOR: char = '\u{1e}';

/// Splits the body of a POST into packets in their text form. An empty body has none.
pub fn split(body: &str) -> impl Iterator<Item = &str> {
    body.split(SEPARATOR).take(if body.is_empty() { 0 } else { usize::MAX })
}

/// Splits the body of a POST into its first packet and the rest; there is none behind the last packet.
pub fn split_first(body: &str) -> (&str, Option<&str>) {
    body.split_once(SEPARATOR).map_or((body, None), |(first, rest)| (first, Some(rest)))
}

/// Joins frames to the body of a response to a GET.
pub fn join<'a>(frames: impl IntoIterator<Item = &'a Frame>) -> String {
    let mut body = String::new();
    for frame in frames {
        if !body.is_empty() {
            body.push(SEPARATOR);
        }
        encode_text(frame, &mut body);
    }
    body
}

/// Removes the first frames and returns the body with them: as many as have `max_bytes` in all, but at least one. A client polls
/// again at once, and all that waits at once in one body could be more than there is memory.
pub fn take(frames: &mut Vec<Frame>, max_bytes: usize) -> String {
    let mut bytes = 0_usize;
    let fits = |frame: &&Frame| {
        bytes = bytes.saturating_add(frame.len());
        bytes <= max_bytes
    };
    let count = frames.iter().take_while(fits).count().max(1).min(frames.len());
    let body = join(frames.iter().take(count));
    frames.drain(..count);
    body
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::engineio::{Message, ReceivedPacket};
    use proptest::prelude::*;

    #[test]
    fn packets_are_joined_by_the_separator() {
        let frames = [Frame::text("4hello"), Frame::Binary(vec![1, 2, 3, 4].into()), Frame::text("2")];
        assert_eq!(join(&frames), "4hello\u{1e}bAQIDBA==\u{1e}2");
        assert_eq!(split("4a\u{1e}\u{1e}4b").collect::<Vec<_>>(), ["4a", "", "4b"]);
        assert_eq!(split("").count(), 0);
    }

    #[test]
    fn a_body_has_at_least_one_packet_and_leaves_what_is_too_much() {
        let mut frames = vec![Frame::text("4aaaa"), Frame::text("4b"), Frame::text("4c"), Frame::text("4d")];
        assert_eq!(take(&mut frames, 4), "4aaaa");
        assert_eq!(take(&mut frames, 4), "4b\u{1e}4c");
        assert_eq!(take(&mut frames, 4), "4d");
        assert_eq!((take(&mut frames, 4), frames.len()), (String::new(), 0));
    }

    proptest! {
        #[test]
        fn what_is_joined_is_split(messages in proptest::collection::vec("[^\u{1e}]*", 1..20)) {
            let frames: Vec<_> = messages.iter().map(|text| Frame::text(format!("4{text}"))).collect();
            let body = join(&frames);
            let read: Vec<_> = split(&body).map(ReceivedPacket::decode_text).collect();
            let sent: Vec<_> = messages.iter().map(|text| Ok(ReceivedPacket::Message(Message::Text(text)))).collect();
            prop_assert_eq!(read, sent);
        }
    }
}
