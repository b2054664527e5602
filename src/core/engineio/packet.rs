//! Engine.IO packets (Engine.IO 4, "Packet encoding"): a type digit and data, or a binary message without a digit.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;

use crate::error::PeerFault;
use crate::value::Frame;

/// The digit in front of a text message.
pub const MESSAGE: char = '4';

const BINARY: char = 'b';

/// Node's decoder takes base64 with and without padding, and clients in the field send both.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// A packet that a client sent; text is borrowed from the frame or payload it came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Packet<'a> {
    /// `0`, `6` or a `5` outside of an upgrade: nothing that a client needs to send here, and nothing to mind.
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

/// A message's contents, without a type digit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message<'a> {
    /// Text.
    Text(&'a str),
    /// Bytes.
    Binary(Bytes),
}

impl Packet<'_> {
    /// Reads a WebSocket frame.
    ///
    /// # Errors
    /// The frame is empty, of an unknown type, or not base64 after a `b`.
    pub fn decode_frame(frame: &Frame) -> Result<Packet<'_>, PeerFault> {
        match frame {
            Frame::Text(text) => Packet::decode_text(text),
            Frame::Binary(bytes) => Ok(Packet::Message(Message::Binary(bytes.clone()))),
        }
    }

    /// Reads a packet in its text form, as it stands in a text frame or in a payload.
    ///
    /// # Errors
    /// It is empty, of an unknown type, or not base64 after a `b`.
    pub fn decode_text(text: &str) -> Result<Packet<'_>, PeerFault> {
        let mut chars = text.chars();
        let kind = chars.next().ok_or(PeerFault::EnginePacket)?;
        let data = chars.as_str();
        Ok(match kind {
            '0' | '6' => Packet::Ignored,
            '1' => Packet::Close,
            '2' => Packet::Ping { probe: data == "probe" },
            '3' => Packet::Pong,
            MESSAGE => Packet::Message(Message::Text(data)),
            '5' => Packet::Upgrade,
            BINARY => {
                let bytes = LENIENT.decode(data).map_err(|_| PeerFault::Base64)?;
                Packet::Message(Message::Binary(bytes.into()))
            }
            _ => return Err(PeerFault::EnginePacket),
        })
    }
}

/// Appends a frame in its text form: binary becomes `b` and base64.
pub fn encode_text(frame: &Frame, out: &mut String) {
    match frame {
        Frame::Text(text) => out.push_str(text),
        Frame::Binary(bytes) => {
            out.push(BINARY);
            STANDARD.encode_string(bytes, out);
        }
    }
}

/// The frame of a message.
pub fn encode_message(message: &Frame) -> Frame {
    match message {
        Frame::Text(text) => Frame::text(format!("{MESSAGE}{text}")),
        Frame::Binary(bytes) => Frame::Binary(bytes.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_type_is_known_and_nothing_else() {
        assert_eq!(Packet::decode_text("1"), Ok(Packet::Close));
        assert_eq!(Packet::decode_text("2"), Ok(Packet::Ping { probe: false }));
        assert_eq!(Packet::decode_text("2probe"), Ok(Packet::Ping { probe: true }));
        assert_eq!(Packet::decode_text("3probe"), Ok(Packet::Pong));
        assert_eq!(Packet::decode_text("4"), Ok(Packet::Message(Message::Text(""))));
        assert_eq!(Packet::decode_text("4é"), Ok(Packet::Message(Message::Text("é"))));
        assert_eq!(Packet::decode_text("5"), Ok(Packet::Upgrade));
        assert_eq!(Packet::decode_text("6"), Ok(Packet::Ignored));
        let bytes = Bytes::from_static(&[1, 2, 3, 4]);
        assert_eq!(Packet::decode_text("bAQIDBA=="), Ok(Packet::Message(Message::Binary(bytes.clone()))));
        assert_eq!(Packet::decode_text("bAQIDBA"), Ok(Packet::Message(Message::Binary(bytes))));
        for bad in ["", "7", "abc", "é", "\u{1e}", "b*", "bA"] {
            assert!(Packet::decode_text(bad).is_err(), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(text in ".*", bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut out = String::new();
            encode_text(&encode_message(&Frame::text(text.as_str())), &mut out);
            prop_assert_eq!(Packet::decode_text(&out), Ok(Packet::Message(Message::Text(&text))));
            out.clear();
            encode_text(&Frame::Binary(bytes.clone().into()), &mut out);
            prop_assert_eq!(Packet::decode_text(&out), Ok(Packet::Message(Message::Binary(bytes.into()))));
        }

        #[test]
        fn no_text_panics(text in any::<String>()) {
            let _ = Packet::decode_text(&text);
        }
    }
}
