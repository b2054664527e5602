//! Typed values -> arguments.

use std::io;

use bytes::Bytes;
use serde::Serialize;
use serde::ser::Error as _;
use serde_json::ser::Formatter;

use super::args::Args;
use super::encode_error::EncodeError;
use super::spread::{Spread, Top};
use crate::limits::MAX_ATTACHMENTS;

/// What can be the arguments of an event or of an acknowledgement: everything that serde can write, and [`Args`].
///
/// - A tuple's elements are the arguments: `("a", 1)` are two, `("a",)` is one, `()` is none. Serde takes arrays `[T; N]`
///   for tuples, so theirs are too: one argument that is an array is a slice, a `Vec`, or `([1, 2],)`.
/// - Everything else is one argument, a struct, a `Vec`, a tuple struct, and `None`, which is `null`. A newtype struct is
///   what it holds.
/// - [`Bytes`], and all other types that give serde bytes, become attachments, wherever they are, in the order in
///   which they are met. `Vec<u8>` gives numbers, and becomes an array of them.
/// - [`RawValue`](serde_json::value::RawValue) goes out as it stands. All else is written as `serde_json` does.
/// - [`Args`] pass through, without being parsed or written again.
///
/// ```
/// use dormouse::value::IntoArgs;
/// use dormouse::Args;
///
/// assert_eq!(("a", 1).into_args()?.to_json(), r#"["a",1]"#);
/// assert_eq!("a".into_args()?.to_json(), r#"["a"]"#);
/// assert_eq!(vec![1, 2].into_args()?.to_json(), "[[1,2]]");
/// assert_eq!([1, 2].into_args()?.to_json(), "[1,2]");
/// assert_eq!(().into_args()?, Args::new());
/// assert_eq!(serde_json::Value::Null.into_args()?.to_json(), "[null]");
/// # Ok::<(), dormouse::error::EncodeError>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the arguments of an event",
    label = "neither `Args` nor something that serde can write",
    note = "arguments are a value that implements `serde::Serialize`, a tuple of such values, or `dormouse::Args`",
    note = "for a type of your own, add `#[derive(serde::Serialize)]`; for another crate's, look for its `serde` feature",
    note = "`Args` are all arguments at once and cannot be an element of a tuple"
)]
pub trait IntoArgs {
    /// Makes the arguments.
    ///
    /// # Errors
    /// The value cannot be written as JSON, or holds more than [`MAX_ATTACHMENTS`] byte strings.
    fn into_args(self) -> Result<Args, EncodeError>;
}

#[diagnostic::do_not_recommend]
impl<T: Serialize> IntoArgs for T {
    fn into_args(self) -> Result<Args, EncodeError> {
        let mut attachments = Vec::new();
        let elements = spread(&self, &mut attachments)?;
        Ok(Args::from_written(elements, attachments))
    }
}

impl IntoArgs for Args {
    fn into_args(self) -> Result<Args, EncodeError> {
        Ok(self)
    }
}

impl IntoArgs for &Args {
    fn into_args(self) -> Result<Args, EncodeError> {
        Ok(self.clone())
    }
}

/// What stands in the JSON for the attachment `num`.
pub(super) fn placeholder(num: usize) -> String {
    format!(r#"{{"_placeholder":true,"num":{num}}}"#)
}

/// Writes one argument, and appends what is binary in it to `attachments`, also when it fails.
pub(super) fn one(value: &(impl Serialize + ?Sized), attachments: &mut Vec<Bytes>) -> Result<String, EncodeError> {
    let mut out = Vec::new();
    let mut json = serde_json::Serializer::with_formatter(&mut out, Attaching(attachments));
    value.serialize(&mut json)?;
    text(out)
}

/// Writes all arguments, as they stand between an array's brackets.
fn spread(value: &impl Serialize, attachments: &mut Vec<Bytes>) -> Result<String, EncodeError> {
    let mut top = Top::One;
    let mut out = Vec::new();
    let mut json = serde_json::Serializer::with_formatter(&mut out, Attaching(attachments));
    value.serialize(Spread { inner: &mut json, top: &mut top })?;
    let text = text(out)?;
    let inside = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    Ok(match top {
        Top::Tuple => inside.map(str::to_owned).unwrap_or(text),
        // A JSON null is a unit to serde, too; but only a value that is nothing takes no room.
        Top::Unit if size_of_val(value) == 0 => String::new(),
        Top::Unit | Top::One => text,
    })
}

fn text(json: Vec<u8>) -> Result<String, EncodeError> {
    String::from_utf8(json).map_err(|error| EncodeError::Json(serde_json::Error::custom(error)))
}

/// Writes placeholders where there are bytes, and keeps the bytes.
struct Attaching<'a>(&'a mut Vec<Bytes>);

impl Formatter for Attaching<'_> {
    fn write_byte_array<W: ?Sized + io::Write>(&mut self, out: &mut W, value: &[u8]) -> io::Result<()> {
        let num = self.0.len();
        if num >= MAX_ATTACHMENTS {
            return Err(io::Error::other(EncodeError::TooManyAttachments));
        }
        self.0.push(Bytes::copy_from_slice(value));
        out.write_all(placeholder(num).as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::value::RawValue;
    use serde_json::{Value, json};
    use std::collections::BTreeMap;

    fn encoded(value: impl IntoArgs) -> (String, Vec<Bytes>) {
        let args = value.into_args().expect("valid");
        (args.elements().to_owned(), args.attachments().to_vec())
    }

    fn text(value: impl IntoArgs) -> String {
        let (elements, attachments) = encoded(value);
        assert_eq!(attachments, Vec::<Bytes>::new());
        elements
    }

    fn bytes(value: &'static str) -> Bytes {
        Bytes::from_static(value.as_bytes())
    }

    #[derive(Serialize)]
    struct Newtype<T>(T);

    #[derive(Serialize)]
    struct Pair(u8, u8);

    #[derive(Serialize)]
    struct Unit;

    #[derive(Serialize)]
    struct Named<T> {
        value: T,
    }

    #[derive(Serialize)]
    enum Choice {
        Unit,
        Newtype(Bytes),
        Tuple(u8, Bytes),
        Named { bytes: Option<Bytes> },
    }

    #[derive(Serialize)]
    #[serde(tag = "type", rename_all = "lowercase")]
    enum Tagged {
        File { bytes: Bytes },
    }

    #[derive(Serialize)]
    struct Flat {
        #[serde(flatten)]
        inner: Named<Bytes>,
    }

    #[test]
    fn a_tuple_is_spread_and_nothing_else() {
        assert_eq!(text(()), "");
        assert_eq!(text(("a",)), r#""a""#);
        assert_eq!(text(("a", 1, true)), r#""a",1,true"#);
        let pair = ("a", 1);
        assert_eq!((&pair).into_args().expect("valid").elements(), r#""a",1"#);
        assert_eq!(text(Box::new(("a", 1))), r#""a",1"#);
        assert_eq!(text((("a", 1),)), r#"["a",1]"#);
        assert_eq!(text(([1, 2], ())), "[1,2],null");
        assert_eq!(text(vec![1, 2]), "[1,2]");
        assert_eq!(text(&[1, 2][..]), "[1,2]");
        assert_eq!(text(Vec::<u8>::new()), "[]");
        assert_eq!(text(Pair(1, 2)), "[1,2]");
        assert_eq!(text(Unit), "null");
        assert_eq!(text(None::<u8>), "null");
        assert_eq!(text(Some((1, 2))), "[1,2]");
        assert_eq!(text("a"), r#""a""#);
        assert_eq!(text(String::from("[")), r#""[""#);
        assert_eq!(text(7), "7");
        assert_eq!(text(json!([1, 2])), "[1,2]");
        assert_eq!(text(Named { value: (1, 2) }), r#"{"value":[1,2]}"#);
        assert_eq!(text(format_args!("{}", 1)), r#""1""#);
    }

    #[test]
    fn arrays_are_tuples_to_serde() {
        assert_eq!(text([1, 2]), "1,2");
        assert_eq!(text([0; 0]), "");
        assert_eq!(text(([1, 2],)), "[1,2]");
    }

    #[test]
    fn a_newtype_struct_is_what_it_holds() {
        assert_eq!(text(Newtype(("a", 1))), r#""a",1"#);
        assert_eq!(text(Newtype(Newtype(()))), "");
        assert_eq!(text(Newtype(vec![1])), "[1]");
        assert_eq!(text((Newtype(("a", 1)),)), r#"["a",1]"#);
    }

    #[test]
    fn bytes_become_attachments_wherever_they_are() {
        let zero = r#"{"_placeholder":true,"num":0}"#;
        assert_eq!(encoded(bytes("a")), (zero.to_owned(), vec![bytes("a")]));
        assert_eq!(encoded(Some(bytes("a"))), (zero.to_owned(), vec![bytes("a")]));
        assert_eq!(encoded(Newtype(bytes("a"))), (zero.to_owned(), vec![bytes("a")]));
        assert_eq!(encoded(Flat { inner: Named { value: bytes("a") } }).0, format!(r#"{{"value":{zero}}}"#));
        assert_eq!(encoded(Tagged::File { bytes: bytes("a") }).0, format!(r#"{{"type":"file","bytes":{zero}}}"#));

        let map = BTreeMap::from([("k", vec![bytes("b"), bytes("")]), ("l", vec![])]);
        let choices = (Choice::Unit, Choice::Newtype(bytes("c")), Choice::Tuple(1, bytes("d")));
        let named = (Choice::Named { bytes: None }, Choice::Named { bytes: Some(bytes("e")) });
        let (elements, attachments) = encoded((Named { value: bytes("a") }, map, choices, named));
        let hole = |num: usize| json!({"_placeholder": true, "num": num});
        let expected = json!([
            {"value": hole(0)},
            {"k": [hole(1), hole(2)], "l": []},
            ["Unit", {"Newtype": hole(3)}, {"Tuple": [1, hole(4)]}],
            [{"Named": {"bytes": null}}, {"Named": {"bytes": hole(5)}}],
        ]);
        assert_eq!(serde_json::from_str::<Value>(&format!("[{elements}]")).expect("valid"), expected);
        assert_eq!(attachments, ["a", "b", "", "c", "d", "e"].map(bytes));
    }

    #[test]
    fn what_is_raw_goes_out_as_it_stands() {
        let raw = RawValue::from_string(r#"{ "a" : [1 ,2e1], "\ud800":1 }"#.to_owned()).expect("valid");
        assert_eq!(text(&raw), raw.get());
        assert_eq!(text((1, &raw)), format!("1,{}", raw.get()));
        assert_eq!(text(Named { value: Some(&raw) }), format!(r#"{{"value":{}}}"#, raw.get()));
        let array = RawValue::from_string("[1, 2]".to_owned()).expect("valid");
        assert_eq!(text(array), "[1, 2]");
    }

    #[test]
    fn args_pass_through() {
        let args = Args::from_wire("1 , \"\\u0061\"", vec![bytes("a")]);
        assert_eq!((&args).into_args().expect("valid"), args);
        assert_eq!(args.clone().into_args().expect("valid"), args);
    }

    #[test]
    fn what_is_odd_is_written_as_serde_json_does() {
        assert_eq!(text((f64::NAN, f32::INFINITY, -0.0)), "null,null,-0.0");
        assert_eq!(text((i128::MIN, u128::MAX)), format!("{},{}", i128::MIN, u128::MAX));
        assert_eq!(text(BTreeMap::from([(1, "a"), (2, "b")])), r#"{"1":"a","2":"b"}"#);
        assert_eq!(text(BTreeMap::from([(true, "a")])), r#"{"true":"a"}"#);
        let error = BTreeMap::from([(vec![1], "a")]).into_args().expect_err("no string");
        assert_eq!(error.to_string(), "the arguments cannot be written as JSON: key must be a string");
        let error = (BTreeMap::from([(bytes("k"), "a")]),).into_args().expect_err("no string");
        assert!(matches!(error, EncodeError::Json(_)));
    }

    #[test]
    fn attachments_are_counted() {
        let many = |count: usize| (vec![bytes("a"); count], 1);
        assert_eq!(many(MAX_ATTACHMENTS).into_args().expect("valid").attachments().len(), MAX_ATTACHMENTS);
        let error = many(MAX_ATTACHMENTS + 1).into_args().expect_err("too many");
        assert!(matches!(error, EncodeError::TooManyAttachments));
        assert!(error.to_string().starts_with("more than 10 binary attachments"), "{error}");

        let mut args = Args::new();
        args.push(&many(8)).expect("valid");
        let before = args.clone();
        assert!(matches!(args.push(&many(3)), Err(EncodeError::TooManyAttachments)));
        assert_eq!(args, before);
        args.push(&many(2)).expect("valid");
        assert!(args.elements().ends_with(r#",[[{"_placeholder":true,"num":8},{"_placeholder":true,"num":9}],1]"#));
    }

    #[test]
    fn a_value_that_fails_leaves_the_arguments_as_they_were() {
        let mut args = Args::one(&bytes("a")).expect("valid");
        let before = args.clone();
        assert!(args.push(&(bytes("b"), BTreeMap::from([(Some(()), 1)]))).is_err());
        assert_eq!(args, before);
    }

    proptest! {
        #[test]
        fn without_bytes_it_is_what_serde_json_writes(
            a in any::<(String, Option<f64>, i64)>(),
            b in proptest::collection::btree_map(any::<String>(), any::<(bool, char)>(), 0..4),
        ) {
            let expected = serde_json::to_string(&(&a, &b)).expect("valid");
            prop_assert_eq!((&a, &b).into_args().expect("valid").to_json(), expected);
            prop_assert_eq!(b.into_args().expect("valid").len(), 1);
            prop_assert_eq!(a.into_args().expect("valid").len(), 3);
        }
    }
}
