//! The types of JSON Schema, and the coercion of values to them, by Ajv's table
//! (<https://ajv.js.org/coercion.html>).

use serde_json::Value;

use super::js_number;

/// A type of JSON Schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum JsonType {
    String,
    Number,
    Integer,
    Boolean,
    Null,
    Object,
    Array,
}

impl JsonType {
    /// Returns the type of a name.
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "string" => Self::String,
            "number" => Self::Number,
            "integer" => Self::Integer,
            "boolean" => Self::Boolean,
            "null" => Self::Null,
            "object" => Self::Object,
            "array" => Self::Array,
            _ => return None,
        })
    }

    /// Whether a value has this type.
    pub(super) fn is_of(self, value: &Value) -> bool {
        match value {
            Value::Null => self == Self::Null,
            Value::Bool(_) => self == Self::Boolean,
            Value::String(_) => self == Self::String,
            Value::Array(_) => self == Self::Array,
            Value::Object(_) => self == Self::Object,
            Value::Number(number) => match self {
                Self::Number => true,
                Self::Integer => number.as_f64().is_some_and(js_number::is_integer),
                _ => false,
            },
        }
    }

    /// Whether values of other types are coerced to it.
    pub(super) const fn is_coerced(self) -> bool {
        !matches!(self, Self::Object | Self::Array)
    }

    /// Returns what a value of another type becomes. `None` if it cannot be coerced.
    pub(super) fn coerce(self, value: &Value) -> Option<Value> {
        match self {
            Self::String => match value {
                Value::Number(number) => Some(js_number::to_text(number.as_f64()?).into()),
                Value::Bool(value) => Some(if *value { "true" } else { "false" }.into()),
                Value::Null => Some("".into()),
                _ => None,
            },
            Self::Number | Self::Integer => match value {
                Value::Bool(value) => Some(u8::from(*value).into()),
                Value::Null => Some(0.into()),
                Value::String(text) if !text.is_empty() => {
                    let number = js_number::from_text(text);
                    let is_fit = |number: &f64| self == Self::Number || js_number::is_integer(*number);
                    number.filter(is_fit).and_then(js_number::to_value)
                }
                _ => None,
            },
            Self::Boolean => match value {
                Value::Null => Some(false.into()),
                Value::String(text) => text.parse::<bool>().ok().map(Value::from),
                Value::Number(number) => match number.as_f64() {
                    Some(0.0) => Some(false.into()),
                    Some(1.0) => Some(true.into()),
                    _ => None,
                },
                _ => None,
            },
            Self::Null => match value {
                Value::Bool(false) => Some(Value::Null),
                Value::String(text) if text.is_empty() => Some(Value::Null),
                Value::Number(number) if number.as_f64() == Some(0.0) => Some(Value::Null),
                _ => None,
            },
            Self::Object | Self::Array => None,
        }
    }
}
