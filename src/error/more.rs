//! What a client is told of a failure beside its code and message.

use core::fmt;
use std::rc::Rc;

use serde_json::Value;

use crate::value::json_writer::push_quoted;

/// The data and the fields of a failure. The code for them is reached through this type alone, so that it is in the wasm only if an
/// error has some.
#[derive(Clone)]
pub(super) struct More(Rc<dyn Extra>);

trait Extra {
    fn extras(&self) -> &Extras;
    fn cloned(&self) -> Extras;
    fn data_json(&self) -> Option<String>;
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result;
    fn equals(&self, other: &dyn Extra) -> bool;
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Extras {
    /// `err.data` of a client whose CONNECT is refused.
    data: Option<Value>,
    /// What stands beside code and message, as JSON: each with a comma before it.
    fields: String,
}

impl Extra for Extras {
    fn extras(&self) -> &Extras {
        self
    }

    fn cloned(&self) -> Extras {
        self.clone()
    }

    fn data_json(&self) -> Option<String> {
        self.data.as_ref().map(Value::to_string)
    }

    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }

    fn equals(&self, other: &dyn Extra) -> bool {
        self == other.extras()
    }
}

impl More {
    /// Returns what `more` has, with other data.
    pub(super) fn with_data(more: Option<&Self>, data: Value) -> Self {
        let mut extras = more.map(|more| more.0.cloned()).unwrap_or_default();
        extras.data = Some(data);
        Self(Rc::new(extras))
    }

    /// Returns what `more` has, with one more field, whose value is JSON.
    pub(super) fn with_field(more: Option<&Self>, name: &str, json: &str) -> Self {
        let mut extras = more.map(|more| more.0.cloned()).unwrap_or_default();
        extras.fields.push(',');
        push_quoted(name, &mut extras.fields);
        extras.fields.push(':');
        extras.fields.push_str(json);
        Self(Rc::new(extras))
    }

    pub(super) fn data(&self) -> Option<&Value> {
        self.0.extras().data.as_ref()
    }

    /// Returns the data as JSON.
    pub(super) fn data_json(&self) -> Option<String> {
        self.0.data_json()
    }

    /// Returns the fields as JSON, each with a comma before it.
    pub(super) fn fields(&self) -> &str {
        &self.0.extras().fields
    }
}

impl fmt::Debug for More {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl PartialEq for More {
    fn eq(&self, other: &Self) -> bool {
        self.0.equals(&*other.0)
    }
}

impl Eq for More {}
