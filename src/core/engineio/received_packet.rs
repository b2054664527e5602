//! Decodes Engine.IO packets (Engine.IO 4, "Packet encoding"): a type digit and data, or a binary message without a digit.

use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;

use super::wire::{BINARY, MESSAGE};
use crate::error::PeerFault;
use crate::value::Frame;

/// Node's decoder takes base64 with and without padding, and clients in the field send both.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// An Engine.IO packet that was received. Its text is borrowed from the frame or payload it came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReceivedPacket<'a> {
    /// `0` or `6`: clients need not send them, and they have no effect.
    Ignored,
    /// `5`: the probed transport takes over.
    Upgrade,
    /// `1`.
    Close,
    /// `2`; only a probe may send one (`2probe`).
    Ping {
        /// Whether its data is `probe`.
        probe: bool,
    },
    /// `3`.
    Pong,
    /// `4…`, a binary frame, or `b…`.
    Message(Message<'a>),
}

/// The contents of a message, without the type digit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message<'a> {
    /// Text.
    Text(&'a str),
    /// Bytes.
    Binary(Bytes),
}

impl Message<'_> {
    /// Returns its length in bytes.
    pub const fn len_bytes(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(bytes) => bytes.len(),
        }
    }
}

impl ReceivedPacket<'_> {
    /// Decodes a WebSocket frame.
    ///
    /// # Errors
    /// The frame is an empty text, its type is unknown, or it is not base64 after a `b`.
    pub fn decode_frame(frame: &Frame) -> Result<ReceivedPacket<'_>, PeerFault> {
        match frame {
            Frame::Text(text) => ReceivedPacket::decode_text(text),
            Frame::Binary(bytes) => Ok(ReceivedPacket::Message(Message::Binary(bytes.clone()))),
        }
    }

    /// Decodes a packet in its text form, from a text frame or from a payload.
    ///
    /// # Errors
    /// The text is empty, its type is unknown, or it is not base64 after a `b`.
    pub fn decode_text(text: &str) -> Result<ReceivedPacket<'_>, PeerFault> {
        let mut chars = text.chars();
        let kind = chars.next().ok_or(PeerFault::EnginePacket)?;
        let data = chars.as_str();
        Ok(match kind {
            '0' | '6' => ReceivedPacket::Ignored,
            '1' => ReceivedPacket::Close,
            '2' => ReceivedPacket::Ping { probe: data == "probe" },
            '3' => ReceivedPacket::Pong,
            MESSAGE => ReceivedPacket::Message(Message::Text(data)),
            '5' => ReceivedPacket::Upgrade,
            BINARY => {
                let bytes = LENIENT.decode(data).map_err(|_| PeerFault::Base64)?;
                ReceivedPacket::Message(Message::Binary(bytes.into()))
            }
            _ => return Err(PeerFault::EnginePacket),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::engineio::wire::{encode_message, encode_text};
    use proptest::prelude::*;

    #[test]
    fn every_type_is_known_and_nothing_else() {
        assert_eq!(ReceivedPacket::decode_text("1"), Ok(ReceivedPacket::Close));
        assert_eq!(ReceivedPacket::decode_text("2"), Ok(ReceivedPacket::Ping { probe: false }));
        assert_eq!(ReceivedPacket::decode_text("2probe"), Ok(ReceivedPacket::Ping { probe: true }));
        assert_eq!(ReceivedPacket::decode_text("3probe"), Ok(ReceivedPacket::Pong));
        assert_eq!(ReceivedPacket::decode_text("4"), Ok(ReceivedPacket::Message(Message::Text(""))));
        assert_eq!(ReceivedPacket::decode_text("4é"), Ok(ReceivedPacket::Message(Message::Text("é"))));
        assert_eq!(ReceivedPacket::decode_text("5"), Ok(ReceivedPacket::Upgrade));
        assert_eq!(ReceivedPacket::decode_text("6"), Ok(ReceivedPacket::Ignored));
        let bytes = Bytes::from_static(&[1, 2, 3, 4]);
        assert_eq!(
            ReceivedPacket::decode_text("bAQIDBA=="),
            Ok(ReceivedPacket::Message(Message::Binary(bytes.clone())))
        );
        assert_eq!(ReceivedPacket::decode_text("bAQIDBA"), Ok(ReceivedPacket::Message(Message::Binary(bytes))));
        for bad in ["", "7", "abc", "é", "\u{1e}", "b*", "bA"] {
            assert!(ReceivedPacket::decode_text(bad).is_err(), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(text in ".*", bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut out = String::new();
            encode_text(&encode_message(&Frame::text(text.as_str())), &mut out);
            prop_assert_eq!(ReceivedPacket::decode_text(&out), Ok(ReceivedPacket::Message(Message::Text(&text))));
            out.clear();
            encode_text(&Frame::Binary(bytes.clone().into()), &mut out);
            prop_assert_eq!(ReceivedPacket::decode_text(&out), Ok(ReceivedPacket::Message(Message::Binary(bytes.into()))));
        }

        #[test]
        fn no_text_panics(text in any::<String>()) {
            let _ = ReceivedPacket::decode_text(&text);
        }
    }
}
