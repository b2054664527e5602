//! The protocols of the servers: Socket.IO, or raw frames.

use clap::ValueEnum;
use serde::Serialize;
use tokio_websockets::Message;

/// A server's protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Dialect {
    /// Engine.IO 4 and Socket.IO 5: the server relays `42["all",…]` to all others and `42["room",…]` to the others in the room,
    /// and acknowledges `42ID["ask",…]`.
    #[value(name = "socketio")]
    SocketIo,
    /// Raw frames: the server relays `#…` to the others in the room, echoes `?…`, and relays everything else to all others.
    Raw,
}

/// The recipients of a message, which never include its sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Audience {
    /// All clients.
    All,
    /// The clients in the sender's room.
    Room,
}

/// The format of a message. Recipients get the same frames that the sender sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shape {
    /// The protocol.
    pub dialect: Dialect,
    /// The recipients.
    pub audience: Audience,
    /// Whether the payload is a binary frame.
    pub binary: bool,
    /// The payload's length in bytes.
    pub bytes: usize,
}

/// The kind of a frame from the server.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A ping, to be answered with [`PONG`].
    Ping,
    /// A noop.
    Noop,
    /// An acknowledgement.
    Answer,
    /// Every other frame: a message, or an invalid frame.
    Delivery,
}

/// Engine.IO's pong.
pub(crate) const PONG: &str = "3";

impl Dialect {
    /// Returns the frame that asks the server for an acknowledgement, and the acknowledgement that is expected.
    pub(crate) fn ask(self, id: u64, payload: &str) -> (Message, String) {
        match self {
            Self::SocketIo => {
                (Message::text(format!("42{id}[\"ask\",\"{payload}\"]")), format!("43{id}[\"{payload}\"]"))
            }
            Self::Raw => (Message::text(format!("?{payload}")), format!("?{payload}")),
        }
    }

    /// Returns the kind of a received frame.
    pub(crate) fn kind(self, frame: &Message) -> Kind {
        let Some(text) = frame.is_text().then_some(&frame.as_payload()[..]) else { return Kind::Delivery };
        match (self, text) {
            (Self::SocketIo, b"2") => Kind::Ping,
            (Self::SocketIo, b"6") => Kind::Noop,
            (Self::SocketIo, [b'4', b'3', ..]) | (Self::Raw, [b'?', ..]) => Kind::Answer,
            _ => Kind::Delivery,
        }
    }
}

impl Shape {
    /// Returns the frames of a message.
    pub(crate) fn frames(self, payload: String) -> Vec<Message> {
        let event = self.event();
        match (self.dialect, self.binary) {
            (Dialect::SocketIo, false) => vec![Message::text(format!("42[\"{event}\",\"{payload}\"]"))],
            (Dialect::SocketIo, true) => {
                let header = format!("451-[\"{event}\",{{\"_placeholder\":true,\"num\":0}}]");
                vec![Message::text(header), Message::binary(payload)]
            }
            (Dialect::Raw, false) if self.audience == Audience::Room => vec![Message::text(format!("#{payload}"))],
            (Dialect::Raw, false) => vec![Message::text(payload)],
            (Dialect::Raw, true) => vec![Message::binary(payload)],
        }
    }

    /// Returns the payload in a frame, or `None` if the frame is not the one with the payload of such a message.
    pub(crate) fn payload(self, frame: &Message) -> Option<&[u8]> {
        let bytes: &[u8] = frame.as_payload();
        if self.binary {
            return frame.is_binary().then_some(bytes);
        }
        let text = frame.is_text().then_some(bytes)?;
        match (self.dialect, self.audience) {
            (Dialect::SocketIo, _) => {
                text.strip_prefix(format!("42[\"{}\",\"", self.event()).as_bytes())?.strip_suffix(b"\"]")
            }
            (Dialect::Raw, Audience::Room) => text.strip_prefix(b"#"),
            (Dialect::Raw, Audience::All) => Some(text),
        }
    }

    fn event(self) -> &'static str {
        match self.audience {
            Audience::All => "all",
            Audience::Room => "room",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: Shape = Shape { dialect: Dialect::SocketIo, audience: Audience::All, binary: false, bytes: 24 };

    fn texts(frames: &[Message]) -> Vec<(bool, &[u8])> {
        frames.iter().map(|frame| (frame.is_text(), &frame.as_payload()[..])).collect()
    }

    #[test]
    fn messages_are_written_as_the_peers_read_them() {
        let say = |shape: Shape| shape.frames("p".to_owned());
        assert_eq!(texts(&say(SHAPE)), [(true, &b"42[\"all\",\"p\"]"[..])]);
        assert_eq!(texts(&say(Shape { audience: Audience::Room, ..SHAPE })), [(true, &b"42[\"room\",\"p\"]"[..])]);
        let binary = Shape { binary: true, ..SHAPE };
        let header = &b"451-[\"all\",{\"_placeholder\":true,\"num\":0}]"[..];
        assert_eq!(texts(&say(binary)), [(true, header), (false, &b"p"[..])]);
        let raw = Shape { dialect: Dialect::Raw, ..SHAPE };
        assert_eq!(texts(&say(raw)), [(true, &b"p"[..])]);
        assert_eq!(texts(&say(Shape { audience: Audience::Room, ..raw })), [(true, &b"#p"[..])]);
        assert_eq!(texts(&say(Shape { binary: true, ..raw })), [(false, &b"p"[..])]);
    }

    #[test]
    fn the_payload_is_found_in_the_frame_that_has_it() {
        for dialect in [Dialect::SocketIo, Dialect::Raw] {
            for audience in [Audience::All, Audience::Room] {
                for binary in [false, true] {
                    let shape = Shape { dialect, audience, binary, bytes: 24 };
                    let frames = shape.frames("0.0.xxx".to_owned());
                    assert_eq!(
                        frames.last().and_then(|frame| shape.payload(frame)),
                        Some(&b"0.0.xxx"[..]),
                        "{shape:?}"
                    );
                }
            }
        }
        assert_eq!(SHAPE.payload(&Message::text("42[\"room\",\"p\"]")), None);
        assert_eq!(SHAPE.payload(&Message::binary("42[\"all\",\"p\"]")), None);
    }

    #[test]
    fn an_ask_knows_its_answer() {
        let (frame, answer) = Dialect::SocketIo.ask(17, "p");
        assert_eq!((frame.as_text(), answer.as_str()), (Some("4217[\"ask\",\"p\"]"), "4317[\"p\"]"));
        let (frame, answer) = Dialect::Raw.ask(17, "p");
        assert_eq!((frame.as_text(), answer.as_str()), (Some("?p"), "?p"));
    }

    #[test]
    fn frames_are_told_apart() {
        let kind = |text: &'static str| Dialect::SocketIo.kind(&Message::text(text));
        assert_eq!(kind("2"), Kind::Ping);
        assert_eq!(kind("6"), Kind::Noop);
        assert_eq!(kind("430[]"), Kind::Answer);
        assert_eq!(kind("42[\"all\",\"p\"]"), Kind::Delivery);
        assert_eq!(kind("41"), Kind::Delivery);
        assert_eq!(Dialect::SocketIo.kind(&Message::binary("2")), Kind::Delivery);
        assert_eq!(Dialect::Raw.kind(&Message::text("?p")), Kind::Answer);
        assert_eq!(Dialect::Raw.kind(&Message::text("2")), Kind::Delivery);
    }
}
