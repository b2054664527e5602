//! The arguments of an event or of an acknowledgement.

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
use super::placed;

/// The arguments of an event or of an acknowledgement: JSON, with binary attachments.
///
/// Arguments from a client are kept and forwarded as the client wrote them, without parsing and printing them again. A binary
/// value is an object `{"_placeholder":true,"num":N}` in the JSON, and the attachment with the index N (Socket.IO 5, "Packet
/// encoding").
///
/// [`IntoArgs`](super::encode::IntoArgs) turns typed values into arguments, and [`parse`](Self::parse) reads them back:
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
/// [`push`](Self::push) adds them one by one, if their number is known only at run time:
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
// It must never implement `Serialize`: its own impl of `IntoArgs` would clash with the impl for all `Serialize` types.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Args {
    /// The text between the array's brackets: valid JSON, without whitespace around it.
    elements: Text,
    attachments: Vec<Bytes>,
}

/// A text that is copied only when it is changed: most arguments from clients are forwarded unchanged.
#[derive(Clone)]
enum Text {
    Read(Rc<str>),
    Written(String),
}

impl Args {
    /// Creates an empty list of arguments.
    pub const fn new() -> Self {
        Self { elements: Text::Written(String::new()), attachments: Vec::new() }
    }

    /// Creates a single argument. A tuple becomes one argument that is an array; to make each element an argument, see
    /// [`IntoArgs`](super::encode::IntoArgs).
    ///
    /// # Errors
    /// Those of [`push`](Self::push).
    pub fn one(value: &impl Serialize) -> Result<Self, EncodeError> {
        let mut args = Self::new();
        args.push(value)?;
        Ok(args)
    }

    /// Creates the arguments of a received packet. `elements` is the text between the brackets of a valid JSON array.
    pub(crate) fn from_wire(elements: &str, attachments: Vec<Bytes>) -> Self {
        Self { elements: Text::Read(elements.into()), attachments }
    }

    /// Creates arguments from JSON that this crate wrote. `elements` are valid JSON values with commas between them.
    pub(crate) const fn from_written(elements: String, attachments: Vec<Bytes>) -> Self {
        Self { elements: Text::Written(elements), attachments }
    }

    /// Appends one argument. A tuple becomes an array; byte strings become attachments.
    ///
    /// # Errors
    /// `value` cannot be written as JSON, or there would be more than [`MAX_ATTACHMENTS`](crate::limits::MAX_ATTACHMENTS)
    /// attachments. The arguments are then unchanged.
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

    /// Appends a binary argument without copying the bytes. The number of attachments is not checked here, but clients refuse a
    /// packet with more than [`MAX_ATTACHMENTS`](crate::limits::MAX_ATTACHMENTS).
    pub fn push_binary(&mut self, bytes: impl Into<Bytes>) {
        let element = encode::placeholder(self.attachments.len());
        self.attachments.push(bytes.into());
        self.push_element(&element);
    }

    /// Returns whether there are no arguments.
    pub fn is_empty(&self) -> bool {
        self.elements().is_empty()
    }

    /// Returns the number of arguments. The number is not stored: each call reads the whole JSON text.
    pub fn len(&self) -> usize {
        Elements(self.elements()).count()
    }

    /// Reads the arguments as `T`, the reverse of [`IntoArgs`](super::encode::IntoArgs):
    ///
    /// - A tuple, an array `[T; N]`, or a newtype struct around one of these takes one argument for each element.
    /// - `()` takes no argument.
    /// - Every other type takes the first argument. An `Option` is `None` if the argument is `null` or missing.
    ///
    /// Further arguments are ignored, as a JavaScript function ignores them. If a tuple has more elements than there are
    /// arguments, a missing `Option` is `None`, and every other missing element is an error.
    ///
    /// [`Bytes`] and all other types that ask serde for bytes get the attachment that their placeholder names. As in
    /// `serde_json`, a string or an array of numbers is accepted instead. `Vec<u8>` asks serde for numbers, not for bytes.
    /// Each attachment is copied, and one call can read it only once: clients give each binary value a number of its own. A binary value
    /// that is read as another type is an error, such as one in a [`Value`], in a map or a struct without its bytes. It is one also in an
    /// untagged or internally tagged enum and in a flattened field, because serde reads these before it knows their types; take such an
    /// argument unparsed by [`arg`](Self::arg).
    ///
    /// A lone surrogate (`"\ud83d"`), which JavaScript writes for half of an emoji, is read as U+FFFD. [`Args`] and [`RawValue`]
    /// keep it, so that it is forwarded unchanged.
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
    /// An argument is missing, does not fit `T`, is nested deeper than 127 arrays and objects, or names an attachment that does
    /// not exist or was named before.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, DecodeError> {
        decode::all(self.elements(), &self.attachments)
    }

    /// Reads the arguments as [`parse`](Self::parse) does.
    ///
    /// # Errors
    /// Those of `parse`, and where in the arguments they are.
    #[cfg(feature = "validation")]
    pub(crate) fn parse_located<T: DeserializeOwned>(&self) -> Result<T, (serde_path_to_error::Path, DecodeError)> {
        decode::located(self.elements(), &self.attachments)
    }

    /// Reads the argument at `index`, counted from 0, as `T`. A tuple is read from one argument that is an array. Returns `None`
    /// if there is no such argument.
    ///
    /// # Errors
    /// Those of [`parse`](Self::parse), for this argument. The error's position counts from 1.
    pub fn get<T: DeserializeOwned>(&self, index: usize) -> Result<Option<T>, DecodeError> {
        decode::one(self.elements(), index, &self.attachments)
    }

    /// Returns the argument at `index`, counted from 0, unparsed, as arguments of its own: it can be emitted, with its binary values and
    /// without those of the others. Returns `None` if there is no such argument.
    ///
    /// ```
    /// use bytes::Bytes;
    /// use dormouse::value::IntoArgs;
    ///
    /// let args = ("map.png", Bytes::from_static(b"png"), 1.50).into_args()?;
    /// let image = args.arg(1).expect("it is there");
    /// assert_eq!(image.parse::<Bytes>()?, "png");
    /// assert_eq!((args.arg(0).map(|name| name.attachments().len()), args.arg(3)), (Some(0), None));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn arg(&self, index: usize) -> Option<Self> {
        let element = Elements(self.elements()).nth(index)?;
        let count = self.attachments.len();
        let named = placed::named(element, count).unwrap_or_else(|| vec![true; count].into());
        // The numbers stay as they are, so that the text need not be written anew. What another argument has is left empty.
        let count = named.iter().rposition(|named| *named).map_or(0, |last| last + 1);
        let own = self.attachments.iter().zip(&named).take(count);
        let attachments = own.map(|(bytes, named)| if *named { bytes.clone() } else { Bytes::new() }).collect();
        Some(Self::from_wire(element, attachments))
    }

    /// Returns the first argument alone, or none, with all attachments, which keep their numbers.
    pub(crate) fn first(&self) -> Self {
        match Elements(self.elements()).next() {
            Some(element) => Self::from_wire(element, self.attachments.clone()),
            None => Self::new(),
        }
    }

    /// Parses the arguments as JSON values. Binary values stay placeholders.
    ///
    /// # Errors
    /// An argument is nested deeper than 126 arrays and objects.
    pub fn to_values(&self) -> serde_json::Result<Vec<Value>> {
        json::from_str(&self.to_json())
    }

    /// Returns the arguments as a JSON array. Binary values are placeholders.
    pub fn to_json(&self) -> String {
        let mut json = String::with_capacity(self.elements().len() + 2);
        json.push('[');
        json.push_str(self.elements());
        json.push(']');
        json
    }

    /// Returns the text between the array's brackets.
    pub(crate) fn elements(&self) -> &str {
        self.elements.as_str()
    }

    /// Returns the size in bytes: the JSON and the attachments together.
    pub(crate) fn len_bytes(&self) -> usize {
        self.attachments.iter().map(Bytes::len).sum::<usize>().saturating_add(self.elements().len())
    }

    /// Returns the binary attachments. A placeholder's `num` is the index here, counted from 0.
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

/// The types that an acknowledgement's arguments can be read as: every type that serde can read, as [`Args::parse`] does, and
/// [`Args`], unparsed.
#[diagnostic::on_unimplemented(
    message = "an acknowledgement cannot be read as `{Self}`",
    note = "it can be read as any type that implements `serde::Deserialize`, and as `dormouse::Args`, unparsed"
)]
pub trait FromArgs: Sized {
    /// Reads the arguments.
    ///
    /// # Errors
    /// The arguments do not fit `Self`.
    fn from_args(args: Args) -> Result<Self, DecodeError>;
}

#[diagnostic::do_not_recommend]
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

/// An iterator over the elements of a JSON array, each as its text. It does not recurse: deep nesting cannot overflow the stack.
#[derive(Clone, Debug)]
pub(super) struct Elements<'a>(&'a str);

impl<'a> Elements<'a> {
    /// Creates the iterator. `elements` is the text between the brackets of a valid JSON array.
    pub(super) const fn new(elements: &'a str) -> Self {
        Self(elements)
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let mut values = serde_json::Deserializer::from_str(self.0).into_iter::<&RawValue>();
        // The text is valid: it was checked when it was received, or `serde_json` wrote it.
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
