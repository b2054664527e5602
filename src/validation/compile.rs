//! The compilation of schemas. Every mistake in one is found here, at start-up.

use core::fmt;

use serde_json::{Map, Number, Value};

use super::by_name::by_name;
use super::js_number;
use super::json_pointer::schema_segment;
use super::json_type::JsonType;
use super::rules::{Check, Node, Rule, Rules, Types};
use super::schema_error::SchemaError;
use crate::limits::MAX_SCHEMA_DEPTH;
use crate::outside::Regexp;
use crate::value::echoed;

/// The keywords, in the order in which Ajv checks them, and the type of the values that each is about.
const KEYWORDS: [(&str, Option<JsonType>); 23] = [
    ("maximum", Some(JsonType::Number)),
    ("minimum", Some(JsonType::Number)),
    ("exclusiveMaximum", Some(JsonType::Number)),
    ("exclusiveMinimum", Some(JsonType::Number)),
    ("multipleOf", Some(JsonType::Number)),
    ("maxLength", Some(JsonType::String)),
    ("minLength", Some(JsonType::String)),
    ("pattern", Some(JsonType::String)),
    ("const", None),
    ("enum", None),
    ("not", None),
    ("anyOf", None),
    ("oneOf", None),
    ("allOf", None),
    ("maxItems", Some(JsonType::Array)),
    ("minItems", Some(JsonType::Array)),
    ("items", Some(JsonType::Array)),
    ("uniqueItems", Some(JsonType::Array)),
    ("maxProperties", Some(JsonType::Object)),
    ("minProperties", Some(JsonType::Object)),
    ("required", Some(JsonType::Object)),
    ("additionalProperties", Some(JsonType::Object)),
    ("properties", Some(JsonType::Object)),
];

/// The keywords that are for readers of the schema.
const ANNOTATIONS: [&str; 11] = [
    "$comment",
    "$id",
    "$schema",
    "components",
    "deprecated",
    "description",
    "example",
    "examples",
    "readOnly",
    "title",
    "writeOnly",
];

/// Compiles a schema.
///
/// # Errors
/// A keyword is not known, or its value is not what the keyword takes.
pub(super) fn compile(schema: &Value) -> Result<Node, SchemaError> {
    if schema.get("default").is_some() {
        return Err(SchemaError::new("#/default", "a default has an effect in `properties` only; remove it"));
    }
    Place { path: "#".to_owned(), depth: 0, is_alternative: false }.compile(schema)
}

/// A place in the schema.
struct Place {
    path: String,
    depth: usize,
    /// Whether it is below `anyOf`, `oneOf` or `not`, where it is not known whether a default is to be set.
    is_alternative: bool,
}

impl Place {
    fn compile(self, schema: &Value) -> Result<Node, SchemaError> {
        if self.depth > MAX_SCHEMA_DEPTH {
            return Err(self.wrong(format!("a schema may be nested {MAX_SCHEMA_DEPTH} times; make it flatter")));
        }
        let schema = match schema {
            Value::Bool(true) => return Ok(Node::Any),
            Value::Bool(false) => return Ok(Node::Never(self.path)),
            Value::Object(schema) => schema,
            other => {
                return Err(self.wrong(format!("{} is not a schema; write an object, true or false", shown(other))));
            }
        };
        self.check_names(schema)?;
        let is_rule = |name: &&str| schema.contains_key(*name);
        if !["type", "nullable"].iter().any(is_rule) && !KEYWORDS.iter().any(|(name, _)| is_rule(name)) {
            return Ok(Node::Any);
        }
        let types = self.types(schema)?;
        let mut rules = Vec::new();
        for (keyword, about) in KEYWORDS {
            let Some(value) = schema.get(keyword) else { continue };
            if about == Some(JsonType::Object) && !rules.iter().any(|rule: &Rule| rule.about == about) {
                let defaults = self.defaults(schema)?;
                if !defaults.is_empty() {
                    rules.push(Rule { keyword: "default", about, check: Check::Defaults(defaults) });
                }
            }
            if let Some(check) = self.at(keyword).keyword(keyword, value, schema)? {
                rules.push(Rule { keyword, about, check });
            }
        }
        let types = types.map(|(types, written)| {
            let is_lone = |types: &[JsonType], about| matches!(types, [only] if Some(*only) == about);
            let is_later = KEYWORDS.iter().any(|(name, about)| schema.contains_key(*name) && is_lone(&types, *about))
                && !types.iter().any(|it| it.is_coerced());
            if is_later && !rules.iter().any(|rule| is_lone(&types, rule.about)) {
                // Only keywords that ask for nothing: the type is still checked where they are.
                let check = Check::AllOf(Vec::new());
                rules.push(Rule { keyword: "type", about: types.first().copied(), check });
            }
            Types { names: types, written, is_first: !is_later }
        });
        Ok(Node::Rules(Box::new(Rules { path: self.path, types, others: rules })))
    }

    fn check_names(&self, schema: &Map<String, Value>) -> Result<(), SchemaError> {
        let is_known = |name: &str| {
            matches!(name, "type" | "nullable" | "default")
                || ANNOTATIONS.contains(&name)
                || KEYWORDS.iter().any(|(keyword, _)| *keyword == name)
        };
        let Some(unknown) = schema.keys().find(|name| !is_known(name)) else { return Ok(()) };
        let known: Vec<&str> = KEYWORDS.iter().map(|(keyword, _)| *keyword).collect();
        let problem = format!(
            "{:?} is not a keyword; the keywords are type, nullable, default, {}",
            echoed(unknown),
            known.join(", ")
        );
        Err(self.wrong(problem))
    }

    /// Returns the types that `type` and `nullable` name, and the value of `type`.
    fn types(&self, schema: &Map<String, Value>) -> Result<Option<(Vec<JsonType>, Value)>, SchemaError> {
        let nullable = match schema.get("nullable") {
            None => None,
            Some(Value::Bool(nullable)) => Some(*nullable),
            Some(other) => return Err(self.at("nullable").takes("true or false", other)),
        };
        let Some(written) = schema.get("type") else {
            return match nullable {
                None => Ok(None),
                Some(_) => Err(self.at("nullable").wrong("there is no `type` beside it; add one")),
            };
        };
        let place = self.at("type");
        let names = match written {
            Value::Array(names) => names.as_slice(),
            name => core::slice::from_ref(name),
        };
        let mut types = Vec::new();
        for name in names {
            let one = name.as_str().and_then(JsonType::named).filter(|one| !types.contains(one));
            let expected = "string, number, integer, boolean, null, object or array, or a list of some of them";
            types.push(one.ok_or_else(|| place.takes(expected, written))?);
        }
        if types.is_empty() {
            return Err(place.takes("at least one type", written));
        }
        let has_null = types.contains(&JsonType::Null);
        match nullable {
            Some(false) if has_null => {
                return Err(self.at("nullable").wrong("false contradicts the type null; remove one"));
            }
            Some(true) if !has_null => types.push(JsonType::Null),
            _ => {}
        }
        Ok(Some((types, written.clone())))
    }

    /// Compiles the keyword at this place. `None` if it asks for nothing.
    fn keyword(self, keyword: &str, value: &Value, schema: &Map<String, Value>) -> Result<Option<Check>, SchemaError> {
        Ok(Some(match keyword {
            "maximum" => Check::Maximum(self.number(value)?),
            "minimum" => Check::Minimum(self.number(value)?),
            "exclusiveMaximum" => Check::ExclusiveMaximum(self.number(value)?),
            "exclusiveMinimum" => Check::ExclusiveMinimum(self.number(value)?),
            "multipleOf" => match self.number(value)? {
                number if number.as_f64().is_some_and(|number| number > 0.0) => Check::MultipleOf(number),
                _ => return Err(self.takes("a number above 0", value)),
            },
            "maxLength" => Check::MaxLength(self.count(value)?),
            "minLength" => Check::MinLength(self.count(value)?),
            "maxItems" => Check::MaxItems(self.count(value)?),
            "minItems" => Check::MinItems(self.count(value)?),
            "maxProperties" => Check::MaxProperties(self.count(value)?),
            "minProperties" => Check::MinProperties(self.count(value)?),
            "pattern" => {
                let pattern = value.as_str().ok_or_else(|| self.takes("a string", value))?;
                let regexp = Regexp::new(pattern).map_err(|error| {
                    self.wrong(format!("{} is not a regular expression of JavaScript: {error}", shown(value)))
                })?;
                Check::Pattern(regexp, pattern.to_owned())
            }
            "const" => Check::Const(self.value(value)?),
            "enum" => match value.as_array() {
                Some(values) if !values.is_empty() => {
                    self.value(value)?;
                    Check::Enum(values.clone())
                }
                _ => return Err(self.takes("a list of values", value)),
            },
            "not" => Check::Not(Self { is_alternative: true, ..self }.compile(value)?),
            "anyOf" => match (Self { is_alternative: true, ..self }).schemas(value)? {
                schemas if schemas.iter().any(|schema| matches!(schema, Node::Any)) => return Ok(None),
                schemas => Check::AnyOf(schemas),
            },
            "oneOf" => Check::OneOf(Self { is_alternative: true, ..self }.schemas(value)?),
            "allOf" => Check::AllOf(self.schemas(value)?),
            "uniqueItems" => match value.as_bool() {
                Some(true) => Check::UniqueItems(self.types_of_items(schema)?),
                Some(false) => return Ok(None),
                None => return Err(self.takes("true or false", value)),
            },
            "items" => match self.compile(value)? {
                Node::Any => return Ok(None),
                node => Check::Items(node),
            },
            "required" => {
                let names = value.as_array().map(|names| names.iter().map(|name| name.as_str().map(str::to_owned)));
                let names: Option<Vec<String>> = names.and_then(Iterator::collect);
                Check::Required(names.ok_or_else(|| self.takes("a list of names", value))?)
            }
            "additionalProperties" => match self.compile(value)? {
                Node::Any => return Ok(None),
                schema_of_others => {
                    let known = properties_of(schema).into_iter().map(|(name, _)| name.clone()).collect();
                    Check::AdditionalProperties { known, schema: schema_of_others }
                }
            },
            _ => {
                let properties = value.as_object().ok_or_else(|| self.takes("an object of schemas", value))?;
                let mut nodes = Vec::new();
                for (name, schema) in by_name(properties) {
                    match self.below(&schema_segment(name)).compile(schema)? {
                        Node::Any => {}
                        node => nodes.push((name.clone(), node)),
                    }
                }
                Check::Properties(nodes)
            }
        }))
    }

    fn defaults(&self, schema: &Map<String, Value>) -> Result<Vec<(String, Value)>, SchemaError> {
        let mut defaults = Vec::new();
        for (name, default) in
            properties_of(schema).into_iter().filter_map(|(name, schema)| Some((name, schema.get("default")?)))
        {
            let place = self.at("properties").below(&schema_segment(name)).at("default");
            if place.is_alternative {
                return Err(place.wrong("a default has no effect below anyOf, oneOf and not; remove it"));
            }
            defaults.push((name.clone(), place.value(default)?));
        }
        Ok(defaults)
    }

    /// Returns the types of the items, if they are named and none is an object or array.
    fn types_of_items(&self, schema: &Map<String, Value>) -> Result<Vec<JsonType>, SchemaError> {
        let Some(Value::Object(items)) = schema.get("items") else { return Ok(Vec::new()) };
        let types = self.types(items)?.map(|(types, _)| types).unwrap_or_default();
        Ok(if types.iter().all(|it| it.is_coerced()) { types } else { Vec::new() })
    }

    fn schemas(self, value: &Value) -> Result<Vec<Node>, SchemaError> {
        match value.as_array() {
            Some(schemas) if !schemas.is_empty() => {
                let below = |index: usize| self.below(&format!("/{index}"));
                schemas.iter().enumerate().map(|(index, schema)| below(index).compile(schema)).collect()
            }
            _ => Err(self.takes("a list of schemas", value)),
        }
    }

    fn number(&self, value: &Value) -> Result<Number, SchemaError> {
        match value {
            Value::Number(number) => Ok(number.clone()),
            other => Err(self.takes("a number", other)),
        }
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is no fraction and not negative; no text is as long as what is cut"
    )]
    fn count(&self, value: &Value) -> Result<u64, SchemaError> {
        let count = value.as_f64().filter(|count| *count >= 0.0 && js_number::is_integer(*count));
        count.map(|count| count as u64).ok_or_else(|| self.takes("a whole number from 0 on", value))
    }

    /// Returns a value that is part of the schema.
    fn value(&self, value: &Value) -> Result<Value, SchemaError> {
        if is_deeper_than(value, MAX_SCHEMA_DEPTH) {
            return Err(self.wrong(format!("the value may be nested {MAX_SCHEMA_DEPTH} times; make it flatter")));
        }
        Ok(value.clone())
    }

    fn at(&self, keyword: &str) -> Self {
        self.below(&format!("/{keyword}"))
    }

    fn below(&self, segment: &str) -> Self {
        let path = format!("{}{segment}", self.path);
        Self { path, depth: self.depth.saturating_add(1), is_alternative: self.is_alternative }
    }

    fn wrong(&self, problem: impl Into<String>) -> SchemaError {
        SchemaError::new(&self.path, problem)
    }

    fn takes(&self, expected: impl fmt::Display, value: &Value) -> SchemaError {
        self.wrong(format!("{} is not what the keyword takes; write {expected}", shown(value)))
    }
}

/// Returns what `properties` names in a schema, in the order of the names.
fn properties_of(schema: &Map<String, Value>) -> Vec<(&String, &Value)> {
    schema.get("properties").and_then(Value::as_object).map(by_name).unwrap_or_default()
}

fn is_deeper_than(value: &Value, levels: usize) -> bool {
    let Some(below) = levels.checked_sub(1) else { return value.is_array() || value.is_object() };
    match value {
        Value::Array(items) => items.iter().any(|item| is_deeper_than(item, below)),
        Value::Object(entries) => entries.values().any(|entry| is_deeper_than(entry, below)),
        _ => false,
    }
}

fn shown(value: &Value) -> String {
    echoed(&value.to_string())
}
