//! Binary attachments: packets whose text is followed by binary messages.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use super::codec;
use super::codec::{Announced, Decoded};
use super::packet::Packet;
use super::placeholders::check_placeholders;
use crate::core::snapshot::{Part, PartialSnapshot, Parts};
use crate::error::PeerFault;
use crate::id::{AckId, Namespace};
use crate::limits::MAX_INLINE_PART_BYTES;

/// The decoder of a session, which joins packets and their attachments message by message.
#[derive(Debug, Default)]
pub enum Decoder {
    /// The next message is a packet's text.
    #[default]
    Idle,
    /// The next message is an attachment.
    Reconstructing(Partial),
    /// The next messages are so many attachments of a packet that was given up; they are dropped.
    Skipping(usize),
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

/// A packet that was given up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenUp {
    /// Its namespace.
    pub namespace: Namespace,
    /// The id of the acknowledgement that it asks for.
    pub id: Option<AckId>,
}

impl Decoder {
    /// Handles a text message; returns the packet, if it has no attachments.
    ///
    /// # Errors
    /// The text is not a packet's, or an attachment is expected.
    pub fn handle_text(&mut self, text: &str) -> Result<Option<Packet>, PeerFault> {
        if self.is_reconstructing() {
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

    /// Handles a binary message; returns the packet, if this was its last attachment.
    ///
    /// # Errors
    /// No attachment is expected, or those of this packet have more than `max_bytes` in all.
    pub fn handle_binary(&mut self, bytes: Bytes, max_bytes: usize) -> Result<Option<Packet>, PeerFault> {
        let mut partial = match core::mem::take(self) {
            Self::Idle => return Err(PeerFault::Reconstruction),
            Self::Skipping(left) => {
                if left > 1 {
                    *self = Self::Skipping(left - 1);
                }
                return Ok(None);
            }
            Self::Reconstructing(partial) => partial,
        };
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

    /// Returns the bytes of a packet that waits for its last attachment.
    pub fn waiting_bytes(&self) -> usize {
        match self {
            Self::Idle | Self::Skipping(_) => 0,
            Self::Reconstructing(partial) => {
                partial.arrived.iter().fold(partial.json.len(), |all, part| all + part.len())
            }
        }
    }

    /// Returns whether an attachment is expected.
    pub const fn is_reconstructing(&self) -> bool {
        !matches!(self, Self::Idle)
    }

    /// Gives up the packet that waits for its attachments, if one does: what has arrived of it is dropped, and what follows will
    /// be.
    pub fn give_up(&mut self) -> Option<GivenUp> {
        match core::mem::take(self) {
            Self::Reconstructing(Partial { is_ack, namespace, id, announced, arrived, .. }) => {
                *self = Self::Skipping(announced.saturating_sub(arrived.len()));
                Some(GivenUp { namespace, id: id.filter(|_| !is_ack) })
            }
            other => {
                *self = other;
                None
            }
        }
    }

    /// Returns the incomplete packet for the snapshot; its long attachments are in [`parts`](Self::parts). One that was given up
    /// has no text.
    pub fn snapshot(&self) -> Option<PartialSnapshot> {
        let partial = match self {
            Self::Idle => return None,
            Self::Skipping(left) => {
                let (namespace, json) = (Namespace::main(), String::new());
                let (announced, arrived) = (*left, Vec::new());
                return Some(PartialSnapshot { is_ack: false, namespace, id: None, json, announced, arrived });
            }
            Self::Reconstructing(partial) => partial,
        };
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

    /// Returns the long attachments that have arrived.
    pub fn parts(&self) -> Parts {
        let mut parts = Parts::new();
        if let Self::Reconstructing(partial) = self {
            for (place, bytes) in partial.arrived.iter().enumerate().filter(|(_, bytes)| is_long(bytes)) {
                parts.insert(place, bytes.clone());
            }
        }
        parts
    }

    /// Restores a decoder after hibernation; returns `None` if the snapshot is damaged.
    pub fn restore(snapshot: Option<PartialSnapshot>, parts: &Parts) -> Option<Self> {
        let Some(PartialSnapshot { is_ack, namespace, id, json, announced, arrived }) = snapshot else {
            return Some(Self::Idle);
        };
        if json.is_empty() {
            return (announced > 0).then_some(Self::Skipping(announced));
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::MAX_JSON_DEPTH;

    #[test]
    fn long_attachments_are_not_in_the_snapshot() {
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
    fn no_other_message_may_come_between_attachments() {
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

    #[test]
    fn the_attachments_of_a_packet_that_was_given_up_are_dropped() {
        let mut decoder = Decoder::default();
        assert_eq!(decoder.give_up(), None);
        let announce = |decoder: &mut Decoder, kind: u8| {
            let text = format!(r#"{kind}2-/a,7["a",{{"_placeholder":true,"num":0}},{{"_placeholder":true,"num":1}}]"#);
            assert_eq!(decoder.handle_text(&text), Ok(None));
        };
        announce(&mut decoder, 5);
        let namespace = || Namespace::parse("/a").expect("valid");
        assert_eq!(decoder.give_up(), Some(GivenUp { namespace: namespace(), id: Some(AckId(7)) }));
        assert_eq!((decoder.waiting_bytes(), decoder.give_up()), (0, None));
        let mut decoder = Decoder::restore(decoder.snapshot(), &Parts::new()).expect("whole");
        assert_eq!(decoder.handle_binary(Bytes::from_static(&[1]), 0), Ok(None));
        assert_eq!(decoder.handle_text(r#"2["a"]"#), Err(PeerFault::Reconstruction));
        assert_eq!(decoder.handle_binary(Bytes::from_static(&[2]), 0), Ok(None));
        assert_eq!(decoder.handle_binary(Bytes::new(), 10), Err(PeerFault::Reconstruction));
        announce(&mut decoder, 6);
        assert_eq!(decoder.handle_binary(Bytes::from_static(&[1]), 1), Ok(None));
        // The id of an acknowledgement asks for none.
        assert_eq!(decoder.give_up(), Some(GivenUp { namespace: namespace(), id: None }));
        assert_eq!(decoder.handle_binary(Bytes::from_static(&[2]), 0), Ok(None));
        assert!(!decoder.is_reconstructing());
    }

    #[test]
    fn deep_packets_are_handled_without_recursion() {
        let deep = |open: &str, close: &str, times: usize| {
            let (open, close) = (open.repeat(times), close.repeat(times));
            format!(r#"1-["a",{open}{{"_placeholder":true,"num":0}}{close}]"#)
        };
        let run = move || {
            let times = MAX_JSON_DEPTH / 2 - 1;
            for (kind, json) in ["5", "6"].into_iter().flat_map(|kind| {
                [("[", "]"), (r#"{"a":"#, "}"), (r#"[{"a":"#, "}]")]
                    .map(|(open, close)| (kind, deep(open, close, times)))
            }) {
                let mut decoder = Decoder::default();
                assert_eq!(decoder.handle_text(&format!("{kind}{json}")), Ok(None));
                let mut decoder = Decoder::restore(decoder.snapshot(), &decoder.parts()).expect("whole");
                let packet = decoder.handle_binary(Bytes::from_static(&[1]), 10).expect("valid").expect("complete");
                let mut text = String::new();
                match packet {
                    Packet::Event { namespace, id, event, args } => {
                        assert_eq!(args.len(), 1);
                        codec::encode_event(&namespace, id, &event, &args, &mut text);
                    }
                    Packet::Ack { namespace, args, .. } => {
                        assert_eq!(args.len(), 2);
                        codec::encode_ack(&namespace, AckId(1), &args, &mut text);
                    }
                    other => panic!("{other:?}"),
                }
                assert!(text.ends_with(json.strip_prefix("1-").expect("its head")), "{text}");
            }
            for text in ["2[\"a\",", "3[", "0{\"a\":"] {
                let end = if text.starts_with('0') { "}" } else { "]" };
                let nested = "[".repeat(5_000) + &"]".repeat(5_000);
                assert!(
                    matches!(Decoder::default().handle_text(&format!("{text}{nested}{end}")), Ok(Some(_))),
                    "{text}"
                );
            }
        };
        // The stack is too small for one call per level of the JSON.
        let small = std::thread::Builder::new().stack_size(128 << 10);
        small.spawn(run).expect("a thread starts").join().expect("it ends well");
    }
}
