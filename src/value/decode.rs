//! Reads arguments as typed values.

use core::cell::Cell;

use bytes::Bytes;
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, SeqAccess, Visitor};

use super::args::Elements;
use super::attached::Attached;
use super::decode_error::DecodeError;
use super::deserialize_methods::{RAW_VALUE, with_deserialize_methods};
use super::json;
use super::missing::Missing;
use super::taken::{Attachments, BINARY};

/// Reads all arguments as `T`: see [`Args::parse`](super::args::Args::parse).
pub(super) fn all<T: DeserializeOwned>(elements: &str, attachments: &[Bytes]) -> Result<T, DecodeError> {
    json::parse_with(elements, |elements| {
        let attachments = Attachments::new(attachments);
        let is_spread = Cell::new(false);
        let elements = Elements::new(elements);
        let arguments = Arguments { elements, attachments: &attachments, is_spread: &is_spread };
        // An error without a position comes from a type's own check (`try_from`). It is about the first argument, unless `T` took
        // several.
        T::deserialize(arguments).map_err(|error| if is_spread.get() { error } else { error.or_at(1) })
    })
}

/// Reads all arguments as `T`, as [`all`] does.
///
/// # Errors
/// The error, and where in the arguments it is.
#[cfg(feature = "validation")]
pub(super) fn located<T: DeserializeOwned>(
    elements: &str,
    attachments: &[Bytes],
) -> Result<T, (serde_path_to_error::Path, DecodeError)> {
    json::parse_with(elements, |elements| {
        let attachments = Attachments::new(attachments);
        let is_spread = Cell::new(false);
        let elements = Elements::new(elements);
        let arguments = Arguments { elements, attachments: &attachments, is_spread: &is_spread };
        let located = serde_path_to_error::deserialize(arguments);
        located.map_err(|error| (error.path().clone(), error.into_inner()))
    })
}

/// Reads the argument at `index`, counted from 0, as `T`. Returns `None` if there is no such argument.
pub(super) fn one<T: DeserializeOwned>(
    elements: &str,
    index: usize,
    attachments: &[Bytes],
) -> Result<Option<T>, DecodeError> {
    let Some(json) = Elements::new(elements).nth(index) else { return Ok(None) };
    let parsed = json::parse_with(json, |json| {
        let attachments = Attachments::new(attachments);
        read(json, index.saturating_add(1), &attachments, |json| T::deserialize(json))
    });
    parsed.map(Some)
}

type Json<'a, 'de> = Attached<'a, &'a mut serde_json::Deserializer<serde_json::de::StrRead<'de>>>;

fn read<'de, T>(
    json: &'de str,
    position: usize,
    attachments: &Attachments<'_>,
    read: impl FnOnce(Json<'_, 'de>) -> serde_json::Result<T>,
) -> Result<T, DecodeError> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let value = read(Attached { inner: &mut deserializer, attachments });
    let value = value.map_err(|error| DecodeError::at(position, &error))?;
    if attachments.has_left(json) {
        return Err(DecodeError::at(position, &serde::de::Error::custom(BINARY)));
    }
    Ok(value)
}

/// The deserializer of all arguments: a tuple takes one argument per element, every other type takes the first one.
struct Arguments<'a, 'de> {
    elements: Elements<'de>,
    attachments: &'a Attachments<'a>,
    is_spread: &'a Cell<bool>,
}

macro_rules! read_first {
    ($($method:ident($($name:ident: $type:ty),*);)*) => {
        $(
            fn $method<V: Visitor<'de>>(mut self, $($name: $type,)* visitor: V) -> Result<V::Value, DecodeError> {
                match self.elements.next() {
                    Some(json) => read(json, 1, self.attachments, |json| json.$method($($name,)* visitor)),
                    None => Missing { position: 1 }.$method($($name,)* visitor),
                }
            }
        )*
    };
}

impl<'de> Deserializer<'de> for Arguments<'_, 'de> {
    type Error = DecodeError;

    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, DecodeError> {
        self.is_spread.set(true);
        visitor.visit_seq(Tuple { elements: self.elements, attachments: self.attachments, len, read: 0 })
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_unit()
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        if name != RAW_VALUE {
            return visitor.visit_newtype_struct(self);
        }
        let json = self.elements.next().ok_or(DecodeError::missing(1))?;
        read(json, 1, self.attachments, |json| json.deserialize_newtype_struct(name, visitor))
    }

    with_deserialize_methods!(read_first);

    read_first! {
        deserialize_any();
        deserialize_bytes();
        deserialize_byte_buf();
    }
}

/// The elements of a tuple, one argument each.
struct Tuple<'a, 'de> {
    elements: Elements<'de>,
    attachments: &'a Attachments<'a>,
    len: usize,
    read: usize,
}

impl<'de> SeqAccess<'de> for Tuple<'_, 'de> {
    type Error = DecodeError;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, DecodeError> {
        if self.read >= self.len {
            return Ok(None);
        }
        self.read += 1;
        match self.elements.next() {
            Some(json) => read(json, self.read, self.attachments, |json| seed.deserialize(json)),
            None => seed.deserialize(Missing { position: self.read }),
        }
        .map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.len.saturating_sub(self.read))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::args::Args;
    use crate::value::encode::IntoArgs;
    use core::fmt;
    use proptest::prelude::*;
    use serde::de::IgnoredAny;
    use serde::{Deserialize, Serialize};
    use serde_json::value::RawValue;
    use serde_json::{Value, json};
    use std::collections::BTreeMap;

    fn args(elements: &str) -> Args {
        Args::from_wire(elements, Vec::new())
    }

    fn parsed<T: DeserializeOwned + fmt::Debug>(elements: &str) -> T {
        args(elements).parse().expect("valid")
    }

    fn error<T: DeserializeOwned + fmt::Debug>(elements: &str) -> String {
        args(elements).parse::<T>().expect_err("invalid").to_string()
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Newtype<T>(T);

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Pair(u8, u8);

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Unit;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(try_from = "u8")]
    struct Even(u8);

    impl TryFrom<u8> for Even {
        type Error = &'static str;

        fn try_from(number: u8) -> Result<Self, &'static str> {
            if number.is_multiple_of(2) { Ok(Self(number)) } else { Err("an odd number") }
        }
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(try_from = "(u8, u8)")]
    struct Ordered(u8, u8);

    impl TryFrom<(u8, u8)> for Ordered {
        type Error = &'static str;

        fn try_from((low, high): (u8, u8)) -> Result<Self, &'static str> {
            if low <= high { Ok(Self(low, high)) } else { Err("the wrong order") }
        }
    }

    #[test]
    fn a_tuple_takes_an_argument_for_each_element() {
        assert_eq!(parsed::<(String, u8)>(r#""a" , 1 "#), ("a".to_owned(), 1));
        assert_eq!(parsed::<(Vec<u8>, (u8, u8))>("[1,2],[3,4]"), (vec![1, 2], (3, 4)));
        assert_eq!(parsed::<[u8; 3]>("1,2,3"), [1, 2, 3]);
        assert_eq!(parsed::<Newtype<(u8, u8)>>("1,2"), Newtype((1, 2)));
        assert_eq!(parsed::<Newtype<Newtype<(u8, u8)>>>("1,2"), Newtype(Newtype((1, 2))));
        assert_eq!(parsed::<Box<(u8, u8)>>("1,2"), Box::new((1, 2)));
        assert_eq!(parsed::<Ordered>("1,2"), Ordered(1, 2));
    }

    #[test]
    fn everything_else_takes_the_first() {
        assert_eq!(parsed::<u8>("1,2"), 1);
        assert_eq!(parsed::<Vec<u8>>("[1,2],3"), [1, 2]);
        assert_eq!(parsed::<Pair>("[1,2],3"), Pair(1, 2));
        assert_eq!(parsed::<Newtype<u8>>("1"), Newtype(1));
        assert_eq!(parsed::<Unit>("null"), Unit);
        assert_eq!(parsed::<Value>(r#"{"a":[1]},2"#), json!({"a": [1]}));
        assert_eq!(parsed::<Even>("2"), Even(2));
        assert_eq!(parsed::<Result<u8, String>>(r#"{"Ok":1}"#), Ok(1));
        assert_eq!(parsed::<Box<RawValue>>(r#"{ "a" : "\ud800" },2"#).get(), r#"{ "a" : "\ud800" }"#);
        assert_eq!(parsed::<BTreeMap<u8, char>>(r#"{"1":"a"}"#), BTreeMap::from([(1, 'a')]));
        assert_eq!(parsed::<u128>(&u128::MAX.to_string()), u128::MAX);
    }

    #[test]
    fn nothing_takes_anything() {
        for any in ["", "null", "1,2", r#"{"a":1}"#] {
            parsed::<()>(any);
            parsed::<IgnoredAny>(any);
            parsed::<Newtype<()>>(any);
            assert_eq!(parsed::<[u8; 0]>(any), [0; 0]);
        }
    }

    #[test]
    fn only_options_may_be_missing() {
        assert_eq!(parsed::<Option<u8>>(""), None);
        assert_eq!(parsed::<Option<u8>>("null"), None);
        assert_eq!(parsed::<Option<u8>>("1"), Some(1));
        assert_eq!(parsed::<Newtype<Option<u8>>>(""), Newtype(None));
        assert_eq!(parsed::<(u8, Option<u8>, Newtype<Option<u8>>)>("1"), (1, None, Newtype(None)));
        assert_eq!(parsed::<(u8, Option<u8>, Option<u8>)>("1,null,2"), (1, None, Some(2)));
        parsed::<(u8, IgnoredAny)>("1");

        assert_eq!(error::<u8>(""), "argument 1 is missing");
        assert_eq!(error::<Value>(""), "argument 1 is missing");
        assert_eq!(error::<Unit>(""), "argument 1 is missing");
        assert_eq!(error::<Bytes>(""), "argument 1 is missing");
        assert_eq!(error::<Box<RawValue>>(""), "argument 1 is missing");
        assert_eq!(error::<(u8, u8)>("1"), "argument 2 is missing");
        assert_eq!(error::<(u8, Option<u8>, u8)>("1"), "argument 3 is missing");
        assert_eq!(error::<(u8, Box<RawValue>)>("1"), "argument 2 is missing");
        assert_eq!(error::<(u8, Newtype<u8>)>("1"), "argument 2 is missing");
        let missing = args("1").parse::<(u8, u8)>().expect_err("missing");
        assert_eq!((missing.position(), missing.is_missing()), (Some(2), true));
    }

    #[test]
    fn surplus_arguments_are_ignored() {
        assert_eq!(parsed::<(u8,)>("1,2,3"), (1,));
        assert_eq!(parsed::<(u8, u8)>(r#"1,2,"x","\ud800""#), (1, 2));
        assert_eq!(error::<((u8,),)>("[1,2]"), "argument 1: trailing characters");
    }

    #[test]
    fn errors_say_which_argument_and_why() {
        assert_eq!(error::<u64>(r#""x""#), r#"argument 1: invalid type: string "x", expected u64"#);
        assert_eq!(error::<(u8, u8)>("1,256"), "argument 2: invalid value: integer `256`, expected u8");
        assert_eq!(error::<Newtype<(u8, u8)>>("1,true"), "argument 2: invalid type: boolean `true`, expected u8");
        assert_eq!(error::<Even>("1"), "argument 1: an odd number");
        assert_eq!(error::<(u8, Even)>("1,1"), "argument 2: an odd number");
        assert_eq!(error::<Ordered>("2,1"), "arguments: the wrong order");
        assert_eq!(error::<String>("null"), "argument 1: invalid type: null, expected a string");
        let at = args("1,true").parse::<(u8, u8)>().expect_err("invalid");
        assert_eq!((at.position(), at.is_missing()), (Some(2), false));
    }

    #[test]
    fn arguments_are_counted_and_read_one_by_one() {
        let some = args(r#""],\"[," , [1 ,[2]] ,{"a":",}"},-1e5 , null, "é" "#);
        assert_eq!((some.len(), args("").len(), args("1").len()), (6, 0, 1));
        assert_eq!(some.get::<String>(0).expect("valid").as_deref(), Some("],\"[,"));
        assert_eq!(some.get::<(u8, [u8; 1])>(1), Ok(Some((1, [2]))));
        assert_eq!(some.get::<f64>(3), Ok(Some(-1e5)));
        assert_eq!(some.get::<Option<u8>>(4), Ok(Some(None)));
        assert_eq!(some.get::<char>(5), Ok(Some('é')));
        assert_eq!(some.get::<Option<u8>>(6), Ok(None));
        assert_eq!(some.get::<u8>(usize::MAX), Ok(None));
        let error = some.get::<u8>(1).expect_err("invalid");
        assert_eq!(error.to_string(), "argument 2: invalid type: sequence, expected u8");
    }

    /// Everything that serde can tell apart, and bytes.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    enum Tree {
        Unit,
        Bytes(Bytes),
        Maybe(Option<Box<Tree>>),
        Pair(i64, Bytes),
        List(Vec<Tree>),
        Map(BTreeMap<String, Tree>),
        Named { text: String, number: u64, bytes: Option<Bytes> },
    }

    #[test]
    fn depth_is_bounded_and_the_stack_holds() {
        let list = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let tree = |depth: usize| format!("{}\"Unit\"{}", "{\"List\":[".repeat(depth), "]}".repeat(depth));
        // The stack of wasm has 1 MiB.
        let small = std::thread::Builder::new().stack_size(1 << 20);
        let run = small.spawn(move || {
            parsed::<Value>(&list(127));
            parsed::<Tree>(&tree(63));
            for deep in [list(128), list(100_000), format!("{{\"a\":{}", list(100_000)) + "}"] {
                assert_eq!(error::<Value>(&deep), "argument 1: recursion limit exceeded");
                assert_eq!(args(&deep).len(), 1);
                assert_eq!(parsed::<(Box<RawValue>, u8)>(&format!("{deep},1")).1, 1);
            }
            assert_eq!(error::<Tree>(&tree(100_000)), "argument 1: recursion limit exceeded");
            assert!(args(&list(126)).to_values().is_ok());
            assert!(args(&list(127)).to_values().is_err());
        });
        run.expect("a thread starts").join().expect("it ends well");
    }

    fn tree() -> impl Strategy<Value = Tree> {
        let bytes = || proptest::collection::vec(any::<u8>(), 0..4).prop_map(Bytes::from);
        let named = (any::<String>(), any::<u64>(), proptest::option::of(bytes()));
        let leaf = prop_oneof![
            Just(Tree::Unit),
            bytes().prop_map(Tree::Bytes),
            (any::<i64>(), bytes()).prop_map(|(number, bytes)| Tree::Pair(number, bytes)),
            named.prop_map(|(text, number, bytes)| Tree::Named { text, number, bytes }),
        ];
        leaf.prop_recursive(3, 12, 3, |inner| {
            prop_oneof![
                proptest::option::of(inner.clone()).prop_map(|tree| Tree::Maybe(tree.map(Box::new))),
                proptest::collection::vec(inner.clone(), 0..3).prop_map(Tree::List),
                proptest::collection::btree_map(any::<String>(), inner, 0..3).prop_map(Tree::Map),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(one in tree(), other in tree()) {
            let both = (one, other);
            // More than ten attachments are an error; they have a test of their own.
            let Ok(args) = (&both).into_args() else { return Ok(()) };
            prop_assert_eq!(args.len(), 2);
            prop_assert_eq!(args.parse::<(Tree, Tree)>(), Ok(both.clone()));
            prop_assert_eq!(args.parse::<Newtype<(Tree, Tree, Option<u8>)>>(), Ok(Newtype((both.0.clone(), both.1.clone(), None))));
            prop_assert_eq!(args.parse::<Tree>(), Ok(both.0));
            prop_assert_eq!(args.get::<Tree>(1), Ok(Some(both.1)));
        }

        #[test]
        fn elements_are_what_json_says(values in proptest::collection::vec(any::<(String, Option<bool>)>(), 0..5)) {
            let mut args = Args::new();
            for value in &values {
                args.push(value).expect("valid");
            }
            prop_assert_eq!(args.len(), values.len());
            for (index, value) in values.iter().enumerate() {
                prop_assert_eq!(args.get::<(String, Option<bool>)>(index), Ok(Some(value.clone())));
            }
        }
    }
}
