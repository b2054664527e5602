//! Encodes Engine.IO packets (Engine.IO 4, "Packet encoding").

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::value::Frame;

/// The type digit of a text message.
pub const MESSAGE: char = '4';

/// The prefix of a binary message in its text form.
pub(super) const BINARY: char = 'b';

pub(super) const CLOSE: &str = "1";
pub(super) const PING: &str = "2";
pub(super) const PROBE_PONG: &str = "3probe";
pub(super) const NOOP: &str = "6";

/// Appends a frame in its text form: a binary frame as `b` and base64.
pub fn encode_text(frame: &Frame, out: &mut String) {
    match frame {
        Frame::Text(text) => out.push_str(text),
        Frame::Binary(bytes) => {
            out.push(BINARY);
            STANDARD.encode_string(bytes, out);
        }
    }
}

/// Returns the frame of a message: a text gets its type digit.
pub fn encode_message(message: &Frame) -> Frame {
    match message {
        Frame::Text(text) => Frame::text(format!("{MESSAGE}{text}")),
        Frame::Binary(bytes) => Frame::Binary(bytes.clone()),
    }
}
