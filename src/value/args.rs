//! The arguments of an event, and where they stand in the text.

use core::fmt;
use std::rc::Rc;

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;

use super::decode;
use super::decode_error::DecodeError;
use super::encode;
use super::encode_error::EncodeError;
use super::json;

/// The arguments of an event or of an acknowledgement: JSON, with binary attachments.
///
/// What came from a client is carried through as it was written, without being parsed into a tree and printed again.
/// A binary value is an object `{"_placeholder":true,"num":N}` in the JSON and the N-th attachment beside it
/// (Socket.IO 5, "Packet encoding").
///
/// [`IntoArgs`](super::encode::IntoArgs) makes arguments of typed values, and [`parse`](Self::parse) typed values of arguments:
///
/// ```
/// use bytes::Bytes;
/// use dormouse::value::IntoArgs;
/// use dormouse::Args;
///
/// let args = ("map.png", Bytes::from_static(b"png")).into_args()?;
/// assert_eq!(args.to_json(), r#"["map.png",{"_placeholder":true,"num":0}]"#);
///
/// let (name, image, note): (String, Bytes, Option<String>) = args.parse()?;
/// assert_eq!((&*name, &*image, note), ("map.png", &b"png"[..], None));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// One by one, where their number is known only when the program runs:
///
/// ```
/// # use dormouse::Args;
/// let mut args = Args::new();
/// args.push(&"first")?;
/// args.push_binary(vec![1, 2, 3]);
/// assert_eq!(args.to_json(), r#"["first",{"_placeholder":true,"num":0}]"#);
/// assert_eq!(args.attachments().len(), 1);
/// # Ok::<(), dormouse::error::EncodeError>(())
/// ```
// It must never implement `Serialize`: as `IntoArgs` it passes through, and the two would clash.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Args {
    /// The elements as they stand between the array's brackets: valid JSON, without space around.
    elements: Text,
    attachments: Vec<Bytes>,
}

/// Text that is shared until somebody writes to it: what a client sent is most often handed on as it is.
#[derive(Clone)]
enum Text {
    Read(Rc<str>),
    Written(String),
}

impl Args {
    /// No arguments.
    pub const fn new() -> Self {
        Self { elements: Text::Written(String::new()), attachments: Vec::new() }
    }

    /// One argument, whatever `value` is: a tuple becomes an array. See [`IntoArgs`](super::encode::IntoArgs) for several.
    ///
    /// # Errors
    /// As [`push`](Self::push).
    pub fn one(value: &impl Serialize) -> Result<Self, EncodeError> {
        let mut args = Self::new();
        args.push(value)?;
        Ok(args)
    }

    /// Arguments as they stood in a packet: `elements` is what is between the brackets of a valid JSON array.
    pub(crate) fn from_wire(elements: &str, attachments: Vec<Bytes>) -> Self {
        Self { elements: Text::Read(elements.into()), attachments }
    }

    /// Arguments that were written: `elements` are valid JSON with commas between.
    pub(crate) const fn from_written(elements: String, attachments: Vec<Bytes>) -> Self {
        Self { elements: Text::Written(elements), attachments }
    }

    /// Appends an argument, whatever `value` is: a tuple becomes an array. Bytes in it become attachments.
    ///
    /// # Errors
    /// `value`'s own, when it cannot be written as JSON, or when there are more attachments than
    /// [`MAX_ATTACHMENTS`](crate::limits::MAX_ATTACHMENTS); the arguments stay as they were.
    pub fn push(&mut self, value: &impl Serialize) -> Result<(), EncodeError> {
        let before = self.attachments.len();
        match encode::one(value, &mut self.attachments) {
            Ok(json) => self.push_element(&json),
            Err(error) => {
                self.attachments.truncate(before);
                return Err(error);
            }
        }
        Ok(())
    }

    /// Appends a binary argument, without copying it. Clients refuse a packet that has more than
    /// [`MAX_ATTACHMENTS`](crate::limits::MAX_ATTACHMENTS); here nobody counts.
    pub fn push_binary(&mut self, bytes: impl Into<Bytes>) {
        let element = encode::placeholder(self.attachments.len());
        self.attachments.push(bytes.into());
        self.push_element(&element);
    }

    /// Whether there are no arguments.
    pub fn is_empty(&self) -> bool {
        self.elements().is_empty()
    }

    /// How many arguments there are. Nobody has counted them before: this reads the text through.
    pub fn len(&self) -> usize {
        Elements(self.elements()).count()
    }

    /// Reads the arguments as `T`, the mirror image of [`IntoArgs`](super::encode::IntoArgs):
    ///
    /// - a tuple, or an array `[T; N]`, takes one argument for each element, and a newtype struct around one does so too;
    /// - `()` takes none;
    /// - everything else takes the first argument. An `Option` is `None` where it is `null` or is not there.
    ///
    /// Further arguments are ignored, as a JavaScript function ignores them. Where a tuple's arguments end early, an
    /// `Option` is `None`, and everything else is missed.
    ///
    /// [`Bytes`], and all other types that ask serde for bytes, get the attachment of their placeholder; a string or an
    /// array of numbers in its place is taken as well, as `serde_json` does. `Vec<u8>` asks for numbers, not for bytes.
    /// Each attachment is copied once, and can be had once: clients number each of theirs anew. Serde itself
    /// reads untagged and internally tagged enums and flattened fields before it knows what they are; in there, and in a
    /// [`Value`], a placeholder stays an object.
    ///
    /// Half a surrogate pair, which JavaScript leaves where it cuts an emoji in two (`"\ud83d"`), is read as U+FFFD. Arguments
    /// that are handed on keep it, in [`Args`] and in a [`RawValue`].
    ///
    /// ```
    /// # use dormouse::value::IntoArgs;
    /// let args = ("lobby", 7).into_args()?;
    /// assert_eq!(args.parse::<(String, u32)>()?, ("lobby".to_owned(), 7));
    /// assert_eq!(args.parse::<String>()?, "lobby");
    /// let error = args.parse::<(String, String)>().expect_err("the second is a number");
    /// assert_eq!(error.to_string(), "argument 2: invalid type: integer `7`, expected a string");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// An argument is missing, is not what `T` takes, names an attachment that is not there, or is nested deeper than 127
    /// arrays and objects.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, DecodeError> {
        decode::all(self.elements(), &self.attachments)
    }

    /// Reads the argument at `index`, counted from 0, as `T`: a tuple takes an array. `None` when there are not so many.
    ///
    /// # Errors
    /// As [`parse`](Self::parse), of this argument; the error counts it from 1.
    pub fn get<T: DeserializeOwned>(&self, index: usize) -> Result<Option<T>, DecodeError> {
        decode::one(self.elements(), index, &self.attachments)
    }

    /// The arguments parsed, binary ones as their placeholders.
    ///
    /// # Errors
    /// An argument is nested deeper than 126 arrays and objects.
    pub fn to_values(&self) -> serde_json::Result<Vec<Value>> {
        json::from_str(&self.to_json())
    }

    /// The arguments as a JSON array.
    pub fn to_json(&self) -> String {
        let mut json = String::with_capacity(self.elements().len() + 2);
        json.push('[');
        json.push_str(self.elements());
        json.push(']');
        json
    }

    /// The elements as they stand between the array's brackets.
    pub(crate) fn elements(&self) -> &str {
        self.elements.as_str()
    }

    /// How much it is: the JSON's bytes and the attachments'.
    pub(crate) fn len_bytes(&self) -> usize {
        self.attachments.iter().map(Bytes::len).sum::<usize>().saturating_add(self.elements().len())
    }

    /// The binary attachments that the placeholders count from 0.
    pub fn attachments(&self) -> &[Bytes] {
        &self.attachments
    }

    fn push_element(&mut self, json: &str) {
        let mut text = match core::mem::take(&mut self.elements) {
            Text::Read(text) => text.to_string(),
            Text::Written(text) => text,
        };
        if !text.is_empty() {
            text.push(',');
        }
        text.push_str(json);
        self.elements = Text::Written(text);
    }
}

/// What the arguments of an answer may be taken as: whatever serde can read, as [`Args::parse`] does, or [`Args`], unparsed.
#[diagnostic::on_unimplemented(
    message = "an answer cannot be taken as `{Self}`",
    note = "it can be taken as whatever implements `serde::Deserialize`, and as `dormouse::Args`, unparsed"
)]
pub trait FromArgs: Sized {
    /// Reads the arguments.
    ///
    /// # Errors
    /// They are not what `Self` takes.
    fn from_args(args: Args) -> Result<Self, DecodeError>;
}

impl<T: DeserializeOwned> FromArgs for T {
    fn from_args(args: Args) -> Result<Self, DecodeError> {
        args.parse()
    }
}

impl FromArgs for Args {
    fn from_args(args: Args) -> Result<Self, DecodeError> {
        Ok(args)
    }
}

impl Text {
    fn as_str(&self) -> &str {
        match self {
            Self::Read(text) => text,
            Self::Written(text) => text,
        }
    }
}

impl Default for Text {
    fn default() -> Self {
        Self::Written(String::new())
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Text {}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

/// The texts of the elements that stand in a text one behind the other. They are found without recursion.
#[derive(Clone, Debug)]
pub(super) struct Elements<'a>(&'a str);

impl<'a> Elements<'a> {
    /// Those of a valid JSON array, without its brackets.
    pub(super) const fn new(elements: &'a str) -> Self {
        Self(elements)
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let mut values = serde_json::Deserializer::from_str(self.0).into_iter::<&RawValue>();
        // The text is valid: it was checked when it came, or `serde_json` wrote it.
        let element = values.next()?.ok()?.get();
        let behind = self.0.get(values.byte_offset()..).unwrap_or_default().trim_start();
        self.0 = behind.strip_prefix(',').unwrap_or_default();
        Some(element)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shared_is_not_written_to() {
        let read = Args::from_wire(r#""a" , 1"#, Vec::new());
        let mut written = read.clone();
        written.push(&true).expect("serialises");
        assert_eq!((read.to_json().as_str(), written.to_json().as_str()), (r#"["a" , 1]"#, r#"["a" , 1,true]"#));
        assert_ne!(read, written);
        assert_eq!(read, Args::from_written(r#""a" , 1"#.to_owned(), Vec::new()));
        assert_eq!(format!("{read:?}"), r#"Args { elements: "\"a\" , 1", attachments: [] }"#);
    }
}
