//! Binary attachments: packets whose text is followed by binary messages.

use core::fmt;
use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use super::codec::{self, Announced, Decoded};
use super::packet::Packet;
use crate::error::PeerFault;
use crate::id::{AckId, Namespace};
use crate::limits::{MAX_INLINE_PART_BYTES, MAX_JSON_DEPTH};
use crate::snapshot::{Part, PartialSnapshot, Parts};

/// Puts a session's packets together, message by message.
#[derive(Debug, Default)]
pub enum Decoder {
    /// The next message is a packet's text.
    #[default]
    Idle,
    /// The next message is an attachment.
    Reconstructing(Partial),
}

/// A packet whose attachments have not all arrived.
#[derive(Debug)]
pub struct Partial {
    is_ack: bool,
    namespace: Namespace,
    id: Option<AckId>,
    json: String,
    announced: usize,
    arrived: Vec<Bytes>,
}

impl Decoder {
    /// Takes a text message; gives the packet, if that is all of it.
    ///
    /// # Errors
    /// It is not a packet's text, or attachments are due.
    pub fn handle_text(&mut self, text: &str) -> Result<Option<Packet>, PeerFault> {
        if matches!(self, Self::Reconstructing(_)) {
            return Err(PeerFault::Reconstruction);
        }
        match codec::decode(text)? {
            Decoded::Whole(packet) => Ok(Some(packet)),
            Decoded::Announced(Announced { is_ack, namespace, id, json, attachments }) => {
                check_placeholders(json, attachments)?;
                let (json, arrived) = (json.to_owned(), Vec::new());
                *self = Self::Reconstructing(Partial { is_ack, namespace, id, json, announced: attachments, arrived });
                Ok(None)
            }
        }
    }

    /// Takes a binary message; gives the packet that it completes.
    ///
    /// # Errors
    /// No attachment is due, or those of this packet have more than `max_bytes` in all.
    pub fn handle_binary(&mut self, bytes: Bytes, max_bytes: usize) -> Result<Option<Packet>, PeerFault> {
        let Self::Reconstructing(mut partial) = core::mem::take(self) else { return Err(PeerFault::Reconstruction) };
        partial.arrived.push(bytes);
        if partial.arrived.iter().map(Bytes::len).sum::<usize>() > max_bytes {
            return Err(PeerFault::AttachmentBytes);
        }
        if partial.arrived.len() < partial.announced {
            *self = Self::Reconstructing(partial);
            return Ok(None);
        }
        partial.complete().map(Some)
    }

    /// Bytes of the attachments that wait for their packet's last one.
    pub fn waiting_bytes(&self) -> usize {
        match self {
            Self::Idle => 0,
            Self::Reconstructing(partial) => partial.arrived.iter().map(Bytes::len).sum(),
        }
    }

    /// Whether attachments are due.
    pub const fn is_reconstructing(&self) -> bool {
        matches!(self, Self::Reconstructing(_))
    }

    /// What must survive sleep; long attachments are left to [`parts`](Self::parts).
    pub fn snapshot(&self) -> Option<PartialSnapshot> {
        let Self::Reconstructing(partial) = self else { return None };
        let part = |bytes: &Bytes| {
            if is_long(bytes) { Part::Row } else { Part::Inline(STANDARD.encode(bytes)) }
        };
        Some(PartialSnapshot {
            is_ack: partial.is_ack,
            namespace: partial.namespace.clone(),
            id: partial.id,
            json: partial.json.clone(),
            announced: partial.announced,
            arrived: partial.arrived.iter().map(part).collect(),
        })
    }

    /// The long attachments that have arrived.
    pub fn parts(&self) -> Parts {
        let mut parts = Parts::new();
        if let Self::Reconstructing(partial) = self {
            for (place, bytes) in partial.arrived.iter().enumerate().filter(|(_, bytes)| is_long(bytes)) {
                parts.insert(place, bytes.clone());
            }
        }
        parts
    }

    /// A decoder as it was before the world slept; `None` when the snapshot is damaged.
    pub fn restore(snapshot: Option<PartialSnapshot>, parts: &Parts) -> Option<Self> {
        let Some(PartialSnapshot { is_ack, namespace, id, json, announced, arrived }) = snapshot else {
            return Some(Self::Idle);
        };
        let bytes = |(place, part): (usize, &Part)| match part {
            Part::Inline(text) => STANDARD.decode(text).ok().map(Bytes::from),
            Part::Row => parts.get(&place).cloned(),
        };
        let arrived = arrived.iter().enumerate().map(bytes).collect::<Option<_>>()?;
        Some(Self::Reconstructing(Partial { is_ack, namespace, id, json, announced, arrived }))
    }
}

fn is_long(bytes: &Bytes) -> bool {
    bytes.len() > MAX_INLINE_PART_BYTES
}

impl Partial {
    fn complete(self) -> Result<Packet, PeerFault> {
        let Self { is_ack, namespace, id, json, arrived, .. } = self;
        if is_ack {
            return Ok(Packet::Ack { namespace, id, args: codec::parse_args(&json, arrived)? });
        }
        let (event, args) = codec::parse_event(&json, arrived)?;
        Ok(Packet::Event { namespace, id, event, args })
    }
}

/// Checks that every placeholder in the JSON names one of `count` attachments.
///
/// # Errors
/// One does not, or the JSON is nested deeper than [`MAX_JSON_DEPTH`].
pub fn check_placeholders(json: &str, count: usize) -> Result<(), PeerFault> {
    let mut json = serde_json::Deserializer::from_str(json);
    let seed = Scan { count, depth: MAX_JSON_DEPTH };
    seed.deserialize(&mut json).map(drop).map_err(|_| PeerFault::Placeholder)
}

/// Walks a JSON value and fails at a placeholder that names no attachment.
#[derive(Clone, Copy)]
struct Scan {
    count: usize,
    depth: usize,
}

/// What a value is, as far as placeholders go.
#[derive(Clone, Copy, PartialEq)]
enum Seen {
    True,
    Index(u64),
    Other,
}

impl Scan {
    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        let depth = self.depth.checked_sub(1).ok_or_else(|| E::custom("nested too deep"))?;
        Ok(Self { depth, ..self })
    }

    fn is_index(self, number: Option<Seen>) -> bool {
        matches!(number, Some(Seen::Index(n)) if usize::try_from(n).is_ok_and(|n| n < self.count))
    }
}

impl<'de> DeserializeSeed<'de> for Scan {
    type Value = Seen;

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<Seen, D::Error> {
        value.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Scan {
    type Value = Seen;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Seen, E> {
        Ok(if value { Seen::True } else { Seen::Other })
    }

    // Negative.
    fn visit_i64<E>(self, _: i64) -> Result<Seen, E> {
        Ok(Seen::Other)
    }

    fn visit_u64<E>(self, value: u64) -> Result<Seen, E> {
        Ok(Seen::Index(value))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Seen, E> {
        Ok(Seen::Other)
    }

    fn visit_str<E>(self, _: &str) -> Result<Seen, E> {
        Ok(Seen::Other)
    }

    fn visit_unit<E>(self) -> Result<Seen, E> {
        Ok(Seen::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Seen, A::Error> {
        let inner = self.deeper()?;
        while elements.next_element_seed(inner)?.is_some() {}
        Ok(Seen::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Seen, A::Error> {
        let inner = self.deeper()?;
        let (mut placeholder, mut number) = (None, None);
        while let Some(key) = members.next_key::<Cow<'de, str>>()? {
            let seen = members.next_value_seed(inner)?;
            match &*key {
                "_placeholder" => placeholder = Some(seen),
                "num" => number = Some(seen),
                _ => {}
            }
        }
        if placeholder == Some(Seen::True) && !self.is_index(number) {
            return Err(A::Error::custom("a placeholder without its attachment"));
        }
        Ok(Seen::Other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: &str, count: usize) -> bool {
        check_placeholders(json, count).is_ok()
    }

    #[test]
    fn placeholders_name_an_attachment() {
        assert!(check(r#"["a",{"_placeholder":true,"num":0}]"#, 1));
        assert!(check(r#"["a",{"x":[{"num":1,"_placeholder":true}]},{"_placeholder":true,"num":0}]"#, 2));
        assert!(check(r#"["a",{"_placeholder":"true","num":9},{"_placeholder":1}]"#, 1));
        for num in ["1", "-1", "0.5", "\"0\"", "null", "true", "1e400"] {
            assert!(!check(&format!(r#"["a",{{"_placeholder":true,"num":{num}}}]"#), 1), "{num}");
        }
        assert!(!check(r#"["a",{"_placeholder":true}]"#, 1));
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(check(&nested(100), 1));
        assert!(!check(&nested(100_000), 1));
    }

    #[test]
    fn long_attachments_are_written_beside_the_snapshot() {
        let mut decoder = Decoder::default();
        let text =
            r#"53-["a",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1},{"_placeholder":true,"num":2}]"#;
        assert_eq!(decoder.handle_text(text), Ok(None));
        let long = Bytes::from(vec![7; MAX_INLINE_PART_BYTES + 1]);
        assert_eq!(decoder.handle_binary(Bytes::from_static(&[1]), 5_000), Ok(None));
        assert_eq!(decoder.handle_binary(long.clone(), 5_000), Ok(None));
        assert_eq!(decoder.parts().into_iter().collect::<Vec<_>>(), [(1, long.clone())]);
        assert!(Decoder::restore(decoder.snapshot(), &Parts::new()).is_none());
        let mut restored = Decoder::restore(decoder.snapshot(), &decoder.parts()).expect("whole");
        assert_eq!(restored.handle_binary(Bytes::from(vec![0; 4_000]), 5_000), Err(PeerFault::AttachmentBytes));
        assert!(matches!(decoder.handle_binary(long, 5_000), Ok(Some(Packet::Event { .. }))));
    }

    #[test]
    fn attachments_come_in_order_and_nothing_between() {
        let mut decoder = Decoder::default();
        let text = r#"52-["a",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#;
        assert_eq!(decoder.handle_text(text), Ok(None));
        assert_eq!(decoder.handle_binary(Bytes::from_static(&[1]), 10), Ok(None));
        let mut decoder = Decoder::restore(decoder.snapshot(), &decoder.parts()).expect("whole");
        let packet = decoder.handle_binary(Bytes::from_static(&[2]), 10).expect("valid").expect("complete");
        let Packet::Event { event, args, .. } = packet else { panic!("{packet:?}") };
        assert_eq!(&*event, "a");
        assert_eq!(args.attachments(), [Bytes::from_static(&[1]), Bytes::from_static(&[2])]);
        assert_eq!(decoder.handle_binary(Bytes::new(), 10), Err(PeerFault::Reconstruction));
        assert_eq!(decoder.handle_text(r#"51-["a",{"_placeholder":true,"num":0}]"#), Ok(None));
        assert_eq!(decoder.handle_text(r#"2["a"]"#), Err(PeerFault::Reconstruction));
    }
}
