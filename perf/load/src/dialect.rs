//! How the servers want to be spoken to: in Socket.IO, or in raw frames.

use clap::ValueEnum;
use serde::Serialize;
use tokio_websockets::Message;

/// What a server speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Dialect {
    /// Engine.IO 4 and Socket.IO 5: `42["all",…]` and `42["room",…]` are for the others, `42ID["ask",…]` is answered.
    #[value(name = "socketio")]
    SocketIo,
    /// Frames without a protocol: `#…` is for the others of the room, `?…` comes back, anything else is for all others.
    Raw,
}

/// Who hears a message: always without its sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Audience {
    /// Everybody.
    All,
    /// Who is in the sender's room.
    Room,
}

/// What a message is made of. Whoever hears it hears the same frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shape {
    /// What it is said in.
    pub dialect: Dialect,
    /// Whom it is for.
    pub audience: Audience,
    /// Whether the payload has a binary frame of its own.
    pub binary: bool,
    /// The payload's length.
    pub bytes: usize,
}

/// What a frame from the server is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Wants to be answered with [`PONG`].
    Ping,
    /// Means nothing.
    Noop,
    /// The answer to an ask.
    Answer,
    /// Of a message. Or not: nothing else is left.
    Delivery,
}

/// Engine.IO's answer to a ping.
pub(crate) const PONG: &str = "3";

impl Dialect {
    /// What asks the server for an answer, and the answer.
    pub(crate) fn ask(self, id: u64, payload: &str) -> (Message, String) {
        match self {
            Self::SocketIo => {
                (Message::text(format!("42{id}[\"ask\",\"{payload}\"]")), format!("43{id}[\"{payload}\"]"))
            }
            Self::Raw => (Message::text(format!("?{payload}")), format!("?{payload}")),
        }
    }

    /// What came.
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
    /// The frames of a message.
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

    /// The payload in a frame, if this is the frame of such a message that has it.
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
