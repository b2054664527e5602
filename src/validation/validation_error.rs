//! The errors of a payload that is not what a handler takes.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::{Map, Value};

/// One thing that is wrong with a payload, in the words of [Ajv](https://ajv.js.org/api.html#error-objects).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ValidationError {
    /// Where in the payload it is, as a JSON pointer: `/players/0/name`. Empty for the payload itself.
    pub instance_path: String,
    /// The keyword of the schema that the payload does not fit: `type`, `required`, `minLength`, …
    pub keyword: Cow<'static, str>,
    /// The sentence for people: `must be string`.
    pub message: String,
    /// What the keyword asks for: `{"limit": 3}`. An object.
    pub params: Value,
    /// Where in the schema the keyword is: `#/properties/name/minLength`.
    pub schema_path: String,
}

/// Returns an object of parameters.
pub(super) fn params<const N: usize>(entries: [(&str, Value); N]) -> Value {
    // Not collected: that would sort them, with a sort of its own.
    let mut object = Map::new();
    for (name, value) in entries {
        object.insert(name.to_owned(), value);
    }
    Value::Object(object)
}
