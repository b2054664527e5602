//! What travels: frames on a transport, and the arguments of an event.

use std::rc::Rc;

use bytes::Bytes;
use serde::Serialize;
use serde_json::Value;

/// One Engine.IO packet as a WebSocket carries it: text with its type digit in front, or the bytes of a binary message,
/// which has none (Engine.IO 4, "Packet encoding"). Cloning shares the contents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// A text frame.
    Text(Rc<str>),
    /// A binary frame.
    Binary(Bytes),
}

impl Frame {
    /// A text frame of `text`.
    pub fn text(text: impl Into<Rc<str>>) -> Self {
        Self::Text(text.into())
    }

    /// The frame's length in bytes.
    pub fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(bytes) => bytes.len(),
        }
    }

    /// Whether the frame has no contents.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The arguments of an event or of an acknowledgement: JSON, with binary attachments.
///
/// What came from a client is carried through as it was written, without being parsed into a tree and printed again.
/// A binary value is an object `{"_placeholder":true,"num":N}` in the JSON and the N-th attachment beside it
/// (Socket.IO 5, "Packet encoding").
///
/// ```
/// use dormouse::Args;
///
/// let mut args = Args::new();
/// args.push(&"first")?;
/// args.push_binary(vec![1, 2, 3]);
/// assert_eq!(args.to_json(), r#"["first",{"_placeholder":true,"num":0}]"#);
/// assert_eq!(args.attachments().len(), 1);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Args {
    /// The elements as they stand between the array's brackets.
    elements: String,
    attachments: Vec<Bytes>,
}

impl Args {
    /// No arguments.
    pub const fn new() -> Self {
        Self { elements: String::new(), attachments: Vec::new() }
    }

    /// One argument.
    ///
    /// # Errors
    /// `value`'s own, when it cannot be written as JSON.
    pub fn one(value: &impl Serialize) -> serde_json::Result<Self> {
        let mut args = Self::new();
        args.push(value)?;
        Ok(args)
    }

    /// Arguments as they stood in a packet: `elements` is what is between the brackets of a valid JSON array.
    pub(crate) const fn from_wire(elements: String, attachments: Vec<Bytes>) -> Self {
        Self { elements, attachments }
    }

    /// Appends an argument.
    ///
    /// # Errors
    /// `value`'s own, when it cannot be written as JSON; the arguments stay as they were.
    pub fn push(&mut self, value: &impl Serialize) -> serde_json::Result<()> {
        let json = serde_json::to_string(value)?;
        self.push_element(&json);
        Ok(())
    }

    /// Appends a binary argument.
    pub fn push_binary(&mut self, bytes: impl Into<Bytes>) {
        let element = format!(r#"{{"_placeholder":true,"num":{}}}"#, self.attachments.len());
        self.attachments.push(bytes.into());
        self.push_element(&element);
    }

    /// Whether there are no arguments.
    pub const fn is_empty(&self) -> bool {
        self.elements.is_empty()
    }

    /// The arguments parsed, binary ones as their placeholders.
    ///
    /// # Errors
    /// When the JSON is valid for JavaScript but has no value here: nested deeper than 128, or half a surrogate pair.
    pub fn to_values(&self) -> serde_json::Result<Vec<Value>> {
        serde_json::from_str(&self.to_json())
    }

    /// The arguments as a JSON array.
    pub fn to_json(&self) -> String {
        let mut json = String::with_capacity(self.elements.len() + 2);
        json.push('[');
        json.push_str(&self.elements);
        json.push(']');
        json
    }

    /// The elements as they stand between the array's brackets.
    pub(crate) fn elements(&self) -> &str {
        &self.elements
    }

    /// The binary attachments that the placeholders count from 0.
    pub fn attachments(&self) -> &[Bytes] {
        &self.attachments
    }

    fn push_element(&mut self, json: &str) {
        if !self.elements.is_empty() {
            self.elements.push(',');
        }
        self.elements.push_str(json);
    }
}
