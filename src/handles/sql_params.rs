//! The parameters of SQL statements, from whatever serde writes.

use core::fmt::Display;

use bytes::Bytes;
use serde::Serialize;
use serde::ser::{Error as _, Impossible, SerializeSeq, SerializeTuple, SerializeTupleStruct, Serializer};

use crate::limits::MAX_SQL_INTEGER;
use crate::outside::sql::SqlValue;

type Error = serde::de::value::Error;

/// Returns the parameters in a tuple, array or vector, or else the only one.
///
/// # Errors
/// One cannot be a parameter. The text says why.
pub(super) fn params_of(params: &impl Serialize) -> Result<Vec<SqlValue>, String> {
    let mut values = Vec::new();
    params.serialize(Params { values: &mut values, is_list: true }).map_err(|error| error.to_string())?;
    Ok(values)
}

/// Appends parameters.
struct Params<'a> {
    values: &'a mut Vec<SqlValue>,
    /// Whether it may be several, and none for `()`.
    is_list: bool,
}

impl Params<'_> {
    #[expect(clippy::unnecessary_wraps, reason = "the result of all methods of a serializer")]
    fn push(self, value: SqlValue) -> Result<(), Error> {
        self.values.push(value);
        Ok(())
    }

    #[expect(clippy::cast_precision_loss, reason = "what would lose digits is refused")]
    fn push_integer(self, magnitude: u64, is_negative: bool, shown: &dyn Display) -> Result<(), Error> {
        if magnitude > MAX_SQL_INTEGER {
            return Err(Error::custom(format_args!(
                "the parameter {shown} would lose digits, because the runtime passes JavaScript's numbers: pass a text"
            )));
        }
        let number = magnitude as f64;
        self.push(SqlValue::Number(if is_negative { -number } else { number }))
    }

    fn refuse<T>(what: &str) -> Result<T, Error> {
        Err(Error::custom(format_args!(
            "{what} cannot be a parameter: pass a number, a text, a bool, bytes::Bytes, or an Option of these"
        )))
    }

    fn list(self) -> Result<Self, Error> {
        if self.is_list { Ok(self) } else { Self::refuse("a list within the list of parameters") }
    }

    fn push_element(&mut self, value: &(impl Serialize + ?Sized)) -> Result<(), Error> {
        value.serialize(Params { values: self.values, is_list: false })
    }
}

impl Serializer for Params<'_> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Self;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Self;
    type SerializeTupleVariant = Impossible<(), Error>;
    type SerializeMap = Impossible<(), Error>;
    type SerializeStruct = Impossible<(), Error>;
    type SerializeStructVariant = Impossible<(), Error>;

    fn serialize_bool(self, value: bool) -> Result<(), Error> {
        self.push(SqlValue::Number(value.into()))
    }

    fn serialize_i8(self, value: i8) -> Result<(), Error> {
        self.serialize_i64(value.into())
    }

    fn serialize_i16(self, value: i16) -> Result<(), Error> {
        self.serialize_i64(value.into())
    }

    fn serialize_i32(self, value: i32) -> Result<(), Error> {
        self.serialize_i64(value.into())
    }

    fn serialize_i64(self, value: i64) -> Result<(), Error> {
        self.push_integer(value.unsigned_abs(), value < 0, &value)
    }

    fn serialize_u8(self, value: u8) -> Result<(), Error> {
        self.serialize_u64(value.into())
    }

    fn serialize_u16(self, value: u16) -> Result<(), Error> {
        self.serialize_u64(value.into())
    }

    fn serialize_u32(self, value: u32) -> Result<(), Error> {
        self.serialize_u64(value.into())
    }

    fn serialize_u64(self, value: u64) -> Result<(), Error> {
        self.push_integer(value, false, &value)
    }

    fn serialize_f32(self, value: f32) -> Result<(), Error> {
        self.serialize_f64(value.into())
    }

    fn serialize_f64(self, value: f64) -> Result<(), Error> {
        self.push(SqlValue::Number(value))
    }

    fn serialize_char(self, value: char) -> Result<(), Error> {
        self.push(SqlValue::Text(value.into()))
    }

    fn serialize_str(self, value: &str) -> Result<(), Error> {
        self.push(SqlValue::Text(value.to_owned()))
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), Error> {
        self.push(SqlValue::Blob(Bytes::copy_from_slice(value)))
    }

    fn serialize_none(self) -> Result<(), Error> {
        self.push(SqlValue::Null)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        value.serialize(Params { is_list: false, ..self })
    }

    fn serialize_unit(self) -> Result<(), Error> {
        if self.is_list { Ok(()) } else { self.push(SqlValue::Null) }
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Error> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Error> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), Error> {
        Self::refuse("an enum's variant with data")
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Self, Error> {
        self.list()
    }

    fn serialize_tuple(self, _: usize) -> Result<Self, Error> {
        self.list()
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self, Error> {
        self.list()
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, Error> {
        Self::refuse("an enum's variant with data")
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, Error> {
        Self::refuse("a map")
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeStruct, Error> {
        Self::refuse("a struct")
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, Error> {
        Self::refuse("an enum's variant with data")
    }
}

impl SerializeSeq for Params<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.push_element(value)
    }

    fn end(self) -> Result<(), Error> {
        Ok(())
    }
}

impl SerializeTuple for Params<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.push_element(value)
    }

    fn end(self) -> Result<(), Error> {
        Ok(())
    }
}

impl SerializeTupleStruct for Params<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.push_element(value)
    }

    fn end(self) -> Result<(), Error> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use serde_json::json;

    #[test]
    fn lists_are_parameters_and_other_values_are_one() {
        use SqlValue::{Blob, Null, Number, Text};
        #[derive(Serialize)]
        enum State {
            Open,
        }
        let text = |text: &str| Text(text.to_owned());
        assert_eq!(params_of(&()), Ok(vec![]));
        assert_eq!(params_of(&"a"), Ok(vec![text("a")]));
        assert_eq!(params_of(&[1, -2]), Ok(vec![Number(1.0), Number(-2.0)]));
        let several = (true, None::<u8>, Some('c'), State::Open, Bytes::from_static(b"ab"), 0.5, ());
        let blob = Blob(Bytes::from_static(b"ab"));
        let values = vec![Number(1.0), Null, text("c"), text("Open"), blob, Number(0.5), Null];
        assert_eq!(params_of(&several), Ok(values));
    }

    #[test]
    fn what_sqlite_or_the_runtime_cannot_hold_is_refused() {
        for (params, why) in [
            (params_of(&(u64::MAX,)), "18446744073709551615 would lose digits"),
            (params_of(&(i64::MIN,)), "-9223372036854775808 would lose digits"),
            (params_of(&json!({ "a": 1 })), "a map cannot be"),
            (params_of(&(vec![1, 2],)), "a list within"),
            (params_of(&(Ok::<u8, u8>(1),)), "variant with data cannot be"),
        ] {
            let told = params.expect_err("a refusal");
            assert!(told.contains(why), "{told}");
        }
        assert_eq!(params_of(&(MAX_SQL_INTEGER,)), Ok(vec![SqlValue::Number(9_007_199_254_740_991.0)]));
    }
}
