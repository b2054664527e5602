//! A compiled schema: the rules for a value, in the order in which Ajv checks them.

use serde_json::{Number, Value};

use super::json_type::JsonType;
use crate::outside::Regexp;

/// The schema of one value.
#[derive(Debug)]
pub(super) enum Node {
    /// `true` or `{}`: every value is valid.
    Any,
    /// `false`: no value is valid. With its path.
    Never(String),
    /// An object of keywords.
    Rules(Box<Rules>),
}

/// The keywords of a schema.
#[derive(Debug)]
pub(super) struct Rules {
    /// Where the schema is, such as `#/properties/name`.
    pub path: String,
    pub types: Option<Types>,
    pub others: Vec<Rule>,
}

/// The keyword `type`.
#[derive(Debug)]
pub(super) struct Types {
    /// The types, in the order in which a value is coerced to them; never empty.
    pub names: Vec<JsonType>,
    /// The keyword's value, which is part of its error.
    pub written: Value,
    /// Whether the type is checked before the other keywords. Ajv checks a lone `object` or `array` with the first keyword about it.
    pub is_first: bool,
}

/// A keyword other than `type`.
#[derive(Debug)]
pub(super) struct Rule {
    pub keyword: &'static str,
    /// The type of the values that it is about; `None` for all of them.
    pub about: Option<JsonType>,
    pub check: Check,
}

/// What a keyword asks for.
#[derive(Debug)]
pub(super) enum Check {
    Maximum(Number),
    Minimum(Number),
    ExclusiveMaximum(Number),
    ExclusiveMinimum(Number),
    MultipleOf(Number),
    MaxLength(u64),
    MinLength(u64),
    Pattern(Regexp, String),
    Const(Value),
    Enum(Vec<Value>),
    Not(Node),
    AnyOf(Vec<Node>),
    OneOf(Vec<Node>),
    AllOf(Vec<Node>),
    MaxItems(u64),
    MinItems(u64),
    /// With the types of the items, if the schema names them and none is an object or array.
    UniqueItems(Vec<JsonType>),
    Items(Node),
    /// Fills in missing properties, sorted by name. It is no keyword, and goes before those about objects.
    Defaults(Vec<(String, Value)>),
    MaxProperties(u64),
    MinProperties(u64),
    Required(Vec<String>),
    /// With the names of `properties`, sorted.
    AdditionalProperties {
        known: Vec<String>,
        schema: Node,
    },
    /// Sorted by name.
    Properties(Vec<(String, Node)>),
}
