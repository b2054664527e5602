//! Rows of SQL results, as whatever serde reads.

use serde::de::value::{SeqDeserializer, StrDeserializer};
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;

use crate::limits::MAX_SQL_INTEGER;
use crate::outside::sql::SqlValue;

type Error = serde::de::value::Error;

/// Reads a row: a struct or map by the names of the columns, a tuple by their order, anything else from a single column.
///
/// # Errors
/// It is not a `T`. The text names the column.
pub(super) fn read_row<T: DeserializeOwned>(columns: &[String], values: &[SqlValue]) -> Result<T, String> {
    T::deserialize(Row { columns, values }).map_err(|error| error.to_string())
}

#[derive(Clone, Copy)]
struct Row<'a> {
    columns: &'a [String],
    values: &'a [SqlValue],
}

impl<'a> Row<'a> {
    /// Returns the value of the only column.
    fn only(self) -> Result<Column<'a>, Error> {
        match (self.columns, self.values) {
            ([name], [value]) => Ok(Column { name, value }),
            (columns, _) => {
                Err(Error::custom(format_args!("a row has {} columns: read it as a struct or a tuple", columns.len())))
            }
        }
    }
}

/// Implements methods that read a row as its only value.
macro_rules! read_only_column {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            self.only()?.$method(visitor)
        })*
    };
}

impl<'de> Deserializer<'de> for Row<'_> {
    type Error = Error;

    read_only_column! {
        deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_u8 deserialize_u16 deserialize_u32
        deserialize_u64 deserialize_f32 deserialize_f64 deserialize_char deserialize_str deserialize_string deserialize_bytes
        deserialize_byte_buf
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_map(Columns { left: self, value: None })
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(Columns { left: self, value: None })
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.values {
            [SqlValue::Null] => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.only()?.deserialize_enum(name, variants, visitor)
    }

    forward_to_deserialize_any! { i128 u128 unit unit_struct map struct identifier ignored_any }
}

/// The columns of a row that are not read yet.
struct Columns<'a> {
    left: Row<'a>,
    /// The value whose name was read last.
    value: Option<Column<'a>>,
}

impl<'a> Columns<'a> {
    fn next(&mut self) -> Option<Column<'a>> {
        let ((name, columns), (value, values)) = (self.left.columns.split_first()?, self.left.values.split_first()?);
        self.left = Row { columns, values };
        Some(Column { name, value })
    }
}

impl<'de> MapAccess<'de> for Columns<'_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        self.value = self.next();
        let Some(Column { name, .. }) = self.value else { return Ok(None) };
        seed.deserialize(StrDeserializer::new(name)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let Some(column) = self.value.take() else { return Err(Error::custom("a value without a name")) };
        column.read(seed)
    }
}

impl<'de> SeqAccess<'de> for Columns<'_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        self.next().map(|column| column.read(seed)).transpose()
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left.values.len())
    }
}

#[derive(Clone, Copy)]
struct Column<'a> {
    name: &'a str,
    value: &'a SqlValue,
}

impl Column<'_> {
    fn read<'de, T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Error> {
        seed.deserialize(self).map_err(|error| Error::custom(format_args!("the column {:?}: {error}", self.name)))
    }
}

impl<'de> Deserializer<'de> for Column<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.value {
            SqlValue::Null => visitor.visit_unit(),
            SqlValue::Text(text) => visitor.visit_str(text),
            SqlValue::Blob(bytes) => visitor.visit_byte_buf(bytes.to_vec()),
            // A number with more digits is no integer, because it may have lost some.
            SqlValue::Number(number) => match integer_of(*number) {
                Some(integer) => match u64::try_from(integer) {
                    Ok(integer) => visitor.visit_u64(integer),
                    Err(_) => visitor.visit_i64(integer),
                },
                None => visitor.visit_f64(*number),
            },
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.value {
            SqlValue::Number(number) => visitor.visit_bool(*number != 0.0),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.value {
            SqlValue::Number(number) => visitor.visit_f64(*number),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.value {
            SqlValue::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    /// Reads bytes as a `Vec<u8>`.
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.value {
            SqlValue::Blob(bytes) => visitor.visit_seq(SeqDeserializer::new(bytes.iter().copied())),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    /// Reads a text as the name of a variant without data.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.value {
            SqlValue::Text(text) => visitor.visit_enum(StrDeserializer::new(text)),
            _ => self.deserialize_any(visitor),
        }
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 char str string bytes byte_buf unit unit_struct tuple tuple_struct map struct
        identifier ignored_any
    }
}

/// Returns a number as an integer, if it is one that has lost no digits.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "the limit is exact, and an integer below it"
)]
fn integer_of(number: f64) -> Option<i64> {
    let is_exact = number.fract() == 0.0 && number.abs() <= MAX_SQL_INTEGER as f64;
    is_exact.then_some(number as i64)
}
