//! Wrappers of serde's traits that replace a placeholder by its attachment, and forward everything else.

use core::fmt;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, Unexpected, VariantAccess, Visitor,
};
use serde_json::value::RawValue;

use super::decode_error::reason;
use super::deserialize_methods::{RAW_VALUE, with_deserialize_methods};
use super::taken::{Attachments, BINARY};

/// A deserializer, visitor, seed or access of serde, with the packet's attachments. Deserializers and accesses are wrapped before
/// the value gets them, visitors and seeds before `serde_json` gets them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attached<'a, T> {
    /// The wrapped value.
    pub(super) inner: T,
    /// The packet's attachments.
    pub(super) attachments: &'a Attachments<'a>,
}

impl<'a, T> Attached<'a, T> {
    const fn also<U>(&self, inner: U) -> Attached<'a, U> {
        Attached { inner, attachments: self.attachments }
    }
}

macro_rules! forward_deserialize {
    ($($method:ident($($name:ident: $type:ty),*);)*) => {
        $(
            fn $method<V: Visitor<'de>>(self, $($name: $type,)* visitor: V) -> Result<V::Value, D::Error> {
                let visitor = self.also(visitor);
                self.inner.$method($($name,)* visitor)
            }
        )*
    };
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Attached<'_, D> {
    type Error = D::Error;

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        let visitor = Binary(self.also(visitor));
        self.inner.deserialize_any(visitor)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.deserialize_bytes(visitor)
    }

    // What reads any type, such as a `Value`, would take a placeholder for an object.
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        if self.attachments.is_empty() {
            return self.inner.deserialize_any(visitor);
        }
        let json = <&RawValue>::deserialize(self.inner)?.get();
        if self.attachments.are_in(json) {
            return Err(D::Error::custom(BINARY));
        }
        let read = serde_json::Deserializer::from_str(json).deserialize_any(visitor);
        read.map_err(|error| D::Error::custom(reason(&error)))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, D::Error> {
        if name == RAW_VALUE {
            self.attachments.keep();
        }
        let visitor = self.also(visitor);
        self.inner.deserialize_newtype_struct(name, visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        if self.attachments.is_empty() {
            return self.inner.deserialize_ignored_any(visitor);
        }
        self.attachments.skip(<&RawValue>::deserialize(self.inner)?.get());
        visitor.visit_unit()
    }

    with_deserialize_methods!(forward_deserialize);

    forward_deserialize! {
        deserialize_unit();
        deserialize_tuple(len: usize);
    }

    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }
}

macro_rules! forward_visit {
    ($($method:ident($type:ty);)*) => {
        $(
            fn $method<E: Error>(self, value: $type) -> Result<V::Value, E> {
                self.inner.$method(value)
            }
        )*
    };
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Attached<'_, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.expecting(f)
    }

    forward_visit! {
        visit_bool(bool);
        visit_i8(i8);
        visit_i16(i16);
        visit_i32(i32);
        visit_i64(i64);
        visit_i128(i128);
        visit_u8(u8);
        visit_u16(u16);
        visit_u32(u32);
        visit_u64(u64);
        visit_u128(u128);
        visit_f32(f32);
        visit_f64(f64);
        visit_char(char);
        visit_str(&str);
        visit_borrowed_str(&'de str);
        visit_string(String);
        visit_bytes(&[u8]);
        visit_borrowed_bytes(&'de [u8]);
        visit_byte_buf(Vec<u8>);
    }

    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.inner.visit_none()
    }

    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.inner.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, value: D) -> Result<V::Value, D::Error> {
        let value = self.also(value);
        self.inner.visit_some(value)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, value: D) -> Result<V::Value, D::Error> {
        let value = self.also(value);
        self.inner.visit_newtype_struct(value)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, elements: A) -> Result<V::Value, A::Error> {
        let elements = self.also(elements);
        self.inner.visit_seq(elements)
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<V::Value, A::Error> {
        let members = self.also(members);
        self.inner.visit_map(members)
    }

    fn visit_enum<A: EnumAccess<'de>>(self, variant: A) -> Result<V::Value, A::Error> {
        let variant = self.also(variant);
        self.inner.visit_enum(variant)
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Attached<'_, S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<S::Value, D::Error> {
        let value = self.also(value);
        self.inner.deserialize(value)
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Attached<'_, A> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        let seed = self.also(seed);
        self.inner.next_element_seed(seed)
    }

    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint()
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Attached<'_, A> {
    type Error = A::Error;

    // A key is a string, and cannot contain a placeholder.
    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        self.inner.next_key_seed(seed)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        let seed = self.also(seed);
        self.inner.next_value_seed(seed)
    }

    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint()
    }
}

impl<'a, 'de, A: EnumAccess<'de>> EnumAccess<'de> for Attached<'a, A> {
    type Error = A::Error;
    type Variant = Attached<'a, A::Variant>;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self::Variant), A::Error> {
        let attachments = self.attachments;
        let (name, inner) = self.inner.variant_seed(seed)?;
        Ok((name, Attached { inner, attachments }))
    }
}

impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for Attached<'_, A> {
    type Error = A::Error;

    fn unit_variant(self) -> Result<(), A::Error> {
        self.inner.unit_variant()
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, A::Error> {
        let seed = self.also(seed);
        self.inner.newtype_variant_seed(seed)
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, A::Error> {
        let visitor = self.also(visitor);
        self.inner.tuple_variant(len, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        let visitor = self.also(visitor);
        self.inner.struct_variant(fields, visitor)
    }
}

/// The visitor of a value that asked for bytes: it replaces a placeholder by the attachment.
struct Binary<'a, V>(Attached<'a, V>);

#[derive(Deserialize)]
struct Placeholder {
    #[serde(default, rename = "_placeholder")]
    is_placeholder: bool,
    num: Option<usize>,
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Binary<'_, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<V::Value, A::Error> {
        match Placeholder::deserialize(MapAccessDeserializer::new(members))? {
            Placeholder { is_placeholder: false, .. } => Err(A::Error::invalid_type(Unexpected::Map, &self)),
            Placeholder { num: None, .. } => Err(A::Error::custom("a placeholder without a number")),
            Placeholder { num: Some(num), .. } => {
                let bytes = self.0.attachments.take(num)?;
                self.0.visit_byte_buf(bytes)
            }
        }
    }

    // As `serde_json` does when it is asked for bytes, a string and an array of numbers are accepted, too.
    fn visit_str<E: Error>(self, value: &str) -> Result<V::Value, E> {
        self.0.visit_bytes(value.as_bytes())
    }

    fn visit_borrowed_str<E: Error>(self, value: &'de str) -> Result<V::Value, E> {
        self.0.visit_borrowed_bytes(value.as_bytes())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, elements: A) -> Result<V::Value, A::Error> {
        self.0.visit_seq(elements)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::args::Args;
    use crate::value::encode::IntoArgs;
    use bytes::Bytes;
    use serde::Serialize;
    use serde::de::DeserializeOwned;
    use serde_json::value::RawValue;
    use std::collections::BTreeMap;

    const ZERO: &str = r#"{"_placeholder":true,"num":0}"#;

    fn args(elements: &str) -> Args {
        Args::from_wire(elements, ["zero", "one"].map(Bytes::from).to_vec())
    }

    fn parsed<T: DeserializeOwned + fmt::Debug>(elements: &str) -> T {
        args(elements).parse().expect("valid")
    }

    fn error<T: DeserializeOwned + fmt::Debug>(elements: &str) -> String {
        args(elements).parse::<T>().expect_err("invalid").to_string()
    }

    #[test]
    fn placeholders_are_found_wherever_they_are() {
        #[derive(Debug, PartialEq, Serialize, Deserialize)]
        enum Choice {
            Newtype(Bytes),
            Tuple(u8, Bytes),
            Named { list: Vec<Option<Bytes>> },
        }
        let map = BTreeMap::from([("k".to_owned(), Choice::Tuple(1, Bytes::from("one")))]);
        let list = vec![None, Some(Bytes::new()), Some(Bytes::from("two"))];
        let value = (Choice::Newtype(Bytes::from("zero")), map, Some(Choice::Named { list }), Bytes::from("three"));
        let args = (&value).into_args().expect("valid");
        assert_eq!(args.attachments().len(), 5);
        assert_eq!(args.parse(), Ok(value));
        assert_eq!(args.get::<Bytes>(3), Ok(Some(Bytes::from("three"))));
    }

    #[test]
    fn the_order_of_members_and_what_else_there_is_do_not_matter() {
        assert_eq!(parsed::<Bytes>(r#"{"num":1,"x":[{}],"_placeholder":true}"#), "one");
        assert_eq!(
            parsed::<(Bytes, Bytes)>(&format!(r#"{{"num":1,"_placeholder":true}},{ZERO}"#)),
            ("one".into(), "zero".into())
        );
        assert_eq!(parsed::<Option<Bytes>>("null"), None);
    }

    #[test]
    fn what_asks_for_no_bytes_sees_the_placeholder() {
        assert_eq!(parsed::<(Box<RawValue>,)>(ZERO).0.get(), ZERO);
        assert_eq!(error::<Vec<u8>>(ZERO), "argument 1: invalid type: map, expected a sequence");
    }

    #[test]
    fn strings_and_numbers_are_bytes_too() {
        assert_eq!(parsed::<Bytes>(r#""a\n""#), "a\n");
        assert_eq!(parsed::<Bytes>("[1,2]"), &[1, 2][..]);
        assert_eq!(error::<Bytes>("[1,256]"), "argument 1: invalid value: integer `256`, expected u8");
        assert_eq!(error::<Bytes>("true"), "argument 1: invalid type: boolean `true`, expected byte array");
    }

    #[test]
    fn hostile_placeholders_are_refused() {
        for (hostile, reason) in [
            (r#"{"_placeholder":true,"num":2}"#, "placeholder 2 names none of the 2 attachments"),
            (r#"{"_placeholder":true,"num":-1}"#, "invalid value: integer `-1`, expected usize"),
            (r#"{"_placeholder":true,"num":"0"}"#, "invalid type: string \"0\", expected usize"),
            (r#"{"_placeholder":true,"num":0.5}"#, "invalid type: floating point `0.5`, expected usize"),
            (r#"{"_placeholder":true,"num":1e400}"#, "number out of range"),
            (r#"{"_placeholder":true,"num":null}"#, "a placeholder without a number"),
            (r#"{"_placeholder":true}"#, "a placeholder without a number"),
            (r#"{"_placeholder":true,"num":0,"num":1}"#, "duplicate field `num`"),
            (r#"{"_placeholder":false,"num":0}"#, "invalid type: map, expected byte array"),
            (r#"{"num":0}"#, "invalid type: map, expected byte array"),
            ("{}", "invalid type: map, expected byte array"),
            (r#"{"_placeholder":1,"num":0}"#, "invalid type: integer `1`, expected a boolean"),
        ] {
            assert_eq!(error::<Bytes>(hostile), format!("argument 1: {reason}"), "{hostile}");
            assert_eq!(
                error::<(u8, Vec<Bytes>)>(&format!("1,[{hostile}]")),
                format!("argument 2: {reason}"),
                "{hostile}"
            );
        }
        let huge = r#"{"_placeholder":true,"num":18446744073709551615}"#;
        assert!(args(huge).parse::<Bytes>().is_err());
        assert!(Args::from_wire(ZERO, Vec::new()).parse::<Bytes>().is_err());
    }

    #[test]
    fn an_attachment_is_copied_once() {
        let twice = format!("{ZERO},{ZERO}");
        assert_eq!(error::<(Bytes, Bytes)>(&twice), "argument 2: attachment 0 is named twice");
        assert_eq!(error::<Vec<Bytes>>(&format!("[{twice}]")), "argument 1: attachment 0 is named twice");
        // Each call of `parse` or `get` can take it again.
        let args = args(&twice);
        assert_eq!(args.parse::<Bytes>(), args.parse::<Bytes>());
        assert_eq!(args.get::<Bytes>(0), args.get::<Bytes>(1));
    }
}
