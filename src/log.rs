//! The lines of the log: each is a JSON object, whose keys Workers Logs indexes.

use core::fmt;
use std::borrow::Cow;
use std::rc::Rc;

use crate::id::{Namespace, SocketId};
use crate::limits::{MAX_LOG_FIELD_BYTES, MAX_LOG_MESSAGE_BYTES};
use crate::value::json_writer::{push_number, push_quoted};

/// How much a line of the log matters. The Worker variable `LOG` says which are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Something failed, and nobody was told.
    Error,
    /// Something failed, and whoever caused it was told.
    Warn,
    /// What the app writes, and each start of an object.
    Info,
    /// What is to be seen only while a fault is looked for: who connects and disconnects, and why a world wakes.
    Debug,
}

impl Level {
    /// Returns the name, as `LOG` and the lines have it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
        }
    }
}

/// A line of the log, without the name of the world, which the platform knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// How much it matters.
    pub level: Level,
    /// The sentence.
    pub message: String,
    /// The namespace that it is about.
    pub namespace: Option<Namespace>,
    /// The socket that it is about.
    pub socket: Option<SocketId>,
    /// The event that it is about, or the alarm.
    pub event: Option<Rc<str>>,
    /// What happened, for programs; empty if there is nothing to say.
    pub code: Cow<'static, str>,
    /// The reference that a client was told instead of the text of an internal error.
    pub reference: Option<Box<str>>,
    /// How long it took, in milliseconds.
    pub ms: Option<u64>,
}

#[cfg_attr(
    target_arch = "wasm32",
    expect(
        clippy::unnecessary_box_returns,
        reason = "a record is large: in the wasm, each copy of one costs more than the functions that set its fields"
    )
)]
impl Record {
    /// Returns a line that is about nothing in particular.
    #[inline(never)]
    pub(crate) fn new(level: Level, message: String) -> Box<Self> {
        Box::new(Self {
            level,
            message,
            namespace: None,
            socket: None,
            event: None,
            code: "".into(),
            reference: None,
            ms: None,
        })
    }

    /// Returns an error.
    #[inline(never)]
    pub(crate) fn error(message: fmt::Arguments<'_>) -> Box<Self> {
        Self::new(Level::Error, message.to_string())
    }

    /// Returns a warning.
    #[inline(never)]
    pub(crate) fn warn(message: fmt::Arguments<'_>) -> Box<Self> {
        Self::new(Level::Warn, message.to_string())
    }

    /// Sets the namespace and the socket.
    #[inline(never)]
    pub(crate) fn of(mut self: Box<Self>, namespace: &Namespace, socket: Option<SocketId>) -> Box<Self> {
        self.namespace = Some(namespace.clone());
        self.socket = socket;
        self
    }

    /// Sets the event.
    #[inline(never)]
    pub(crate) fn event(mut self: Box<Self>, event: Option<Rc<str>>) -> Box<Self> {
        self.event = event;
        self
    }

    /// Sets the code.
    pub(crate) fn code(self: Box<Self>, code: impl Into<Cow<'static, str>>) -> Box<Self> {
        self.with_code(code.into())
    }

    #[inline(never)]
    fn with_code(mut self: Box<Self>, code: Cow<'static, str>) -> Box<Self> {
        self.code = code;
        self
    }

    /// Returns the line, with the name of the world if it is about one. The message is cut to [`MAX_LOG_MESSAGE_BYTES`], and each
    /// other text to [`MAX_LOG_FIELD_BYTES`].
    pub fn to_json(&self, world: Option<&str>) -> String {
        let mut line = r#"{"level":""#.to_owned();
        line.push_str(self.level.as_str());
        line.push_str(r#"","message":"#);
        push_cut(&self.message, MAX_LOG_MESSAGE_BYTES, &mut line);
        let fields = [
            (r#","world":"#, world),
            (r#","namespace":"#, self.namespace.as_ref().map(Namespace::as_str)),
            (r#","socket":"#, self.socket.as_ref().map(SocketId::as_str)),
            (r#","event":"#, self.event.as_deref()),
            (r#","code":"#, Some(&*self.code).filter(|code| !code.is_empty())),
            (r#","reference":"#, self.reference.as_deref()),
        ];
        for (key, text) in fields {
            if let Some(text) = text {
                line.push_str(key);
                push_cut(text, MAX_LOG_FIELD_BYTES, &mut line);
            }
        }
        if let Some(ms) = self.ms {
            line.push_str(r#","ms":"#);
            push_number(ms, &mut line);
        }
        line.push('}');
        line
    }
}

/// Appends a text as a JSON string; if it is longer than `max` bytes, its beginning and `…`.
fn push_cut(text: &str, max: usize, out: &mut String) {
    match text.get(..text.floor_char_boundary(max)) {
        Some(start) if start.len() < text.len() => push_quoted(&[start, "…"].concat(), out),
        _ => push_quoted(text, out),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_that_apply_are_in_order() {
        let id = SocketId::parse("AAAAAAAAAAAAAAAAAAAA").expect("an id");
        assert_eq!(Record::error(format_args!("no")).to_json(None), r#"{"level":"error","message":"no"}"#);
        let whole = Record::new(Level::Info, "a \"word\"\n".to_owned());
        let mut whole = whole.of(&Namespace::main(), Some(id)).event(Some("say".into())).code("TOO_LONG");
        whole.ms = Some(12);
        assert_eq!(
            whole.to_json(Some("red")),
            r#"{"level":"info","message":"a \"word\"\n","world":"red","namespace":"/","socket":"AAAAAAAAAAAAAAAAAAAA","event":"say","code":"TOO_LONG","ms":12}"#
        );
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        let record = Record::new(Level::Warn, "é".repeat(MAX_LOG_MESSAGE_BYTES)).event(Some("x".repeat(1_000).into()));
        let line: serde_json::Value = serde_json::from_str(&record.to_json(None)).expect("JSON");
        assert_eq!(line["message"], "é".repeat(MAX_LOG_MESSAGE_BYTES / 2) + "…");
        assert_eq!(line["event"], "x".repeat(MAX_LOG_FIELD_BYTES) + "…");
    }
}
