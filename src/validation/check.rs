//! The check of a value: it is coerced, stripped and completed as Ajv does with `coerceTypes`, `removeAdditional` and `useDefaults`, and
//! the first error ends the check.

use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::{Number, Value};

use super::by_name::by_name;
use super::js_number;
use super::json_pointer::Place;
use super::rules::{Check, Node, Rule, Rules, Types};
use super::validation_error::{ValidationError, params};
use crate::limits::MAX_PATTERN_TEXT_BYTES;
use crate::value::quoted;

/// Deepest nesting of items that are compared: as deep as `serde_json` reads.
const MAX_COMPARED_DEPTH: usize = 128;

/// Checks a value; `None` is one that was not sent. Returns whether the value was changed.
///
/// # Errors
/// The value is not what the schema asks for. Several errors are those of the alternatives of `anyOf` or `oneOf`, and that of the keyword.
pub(super) fn check(node: &Node, value: Option<&mut Value>) -> Result<bool, Vec<ValidationError>> {
    let mut run = Run { errors: Vec::new(), has_changed: false };
    if run.node(node, value, Place::Root) { Ok(run.has_changed) } else { Err(run.errors) }
}

struct Run {
    errors: Vec<ValidationError>,
    has_changed: bool,
}

/// Where an error is: in the schema, at a keyword, and in the value.
#[derive(Clone, Copy)]
struct Where<'a> {
    schema: &'a str,
    keyword: &'static str,
    place: Place<'a>,
}

// Each returns whether the value is valid. If not, the errors say why. They recurse as deep as the schema is nested.
impl Run {
    fn node(&mut self, node: &Node, value: Option<&mut Value>, place: Place<'_>) -> bool {
        match node {
            Node::Any => true,
            Node::Never(path) => {
                let at = Where { schema: path, keyword: "false schema", place };
                self.fail(at, "boolean schema is false".to_owned(), params([]))
            }
            Node::Rules(rules) => self.rules(rules, value, place),
        }
    }

    fn rules(&mut self, rules: &Rules, mut value: Option<&mut Value>, place: Place<'_>) -> bool {
        let schema = &*rules.path;
        if let Some(types) = rules.types.as_ref().filter(|types| types.is_first)
            && !self.has_type(types, value.as_deref_mut())
        {
            return self.wrong_type(types, schema, place);
        }
        for rule in &rules.others {
            if let Some(about) = rule.about
                && !value.as_deref().is_some_and(|value| about.is_of(value))
            {
                match &rules.types {
                    Some(types) if !types.is_first && types.names == [about] => {
                        return self.wrong_type(types, schema, place);
                    }
                    _ => continue,
                }
            }
            let at = Where { schema, keyword: rule.keyword, place };
            if !self.rule(rule, value.as_deref_mut(), at) {
                return false;
            }
        }
        true
    }

    fn rule(&mut self, rule: &Rule, mut value: Option<&mut Value>, at: Where<'_>) -> bool {
        match &rule.check {
            Check::Not(node) => {
                let before = self.errors.len();
                let is_valid = self.node(node, value, at.place);
                self.errors.truncate(before);
                !is_valid || self.fail(at, "must NOT be valid".to_owned(), params([]))
            }
            Check::AnyOf(nodes) => {
                let before = self.errors.len();
                if nodes.iter().any(|node| self.node(node, value.as_deref_mut(), at.place)) {
                    self.errors.truncate(before);
                    return true;
                }
                self.fail(at, "must match a schema in anyOf".to_owned(), params([]))
            }
            Check::OneOf(nodes) => self.one_of(nodes, value, at),
            Check::AllOf(nodes) => nodes.iter().all(|node| self.node(node, value.as_deref_mut(), at.place)),
            Check::Const(constant) => {
                let is_equal = value.is_some_and(|value| is_equal(value, constant));
                is_equal
                    || self.fail(
                        at,
                        "must be equal to constant".to_owned(),
                        params([("allowedValue", constant.clone())]),
                    )
            }
            Check::Enum(allowed) => {
                value.is_some_and(|value| allowed.iter().any(|it| is_equal(value, it))) || {
                    let message = "must be equal to one of the allowed values";
                    self.fail(at, message.to_owned(), params([("allowedValues", allowed.clone().into())]))
                }
            }
            check => match value {
                Some(Value::Number(number)) => self.number(check, number, at),
                Some(Value::String(text)) => self.text(check, text, at),
                Some(Value::Array(items)) => self.array(check, items, at),
                Some(Value::Object(entries)) => self.object(check, entries, at),
                _ => true,
            },
        }
    }

    fn one_of(&mut self, nodes: &[Node], mut value: Option<&mut Value>, at: Where<'_>) -> bool {
        let before = self.errors.len();
        let mut passing: Option<usize> = None;
        for (index, node) in nodes.iter().enumerate() {
            if !self.node(node, value.as_deref_mut(), at.place) {
                continue;
            }
            if let Some(first) = passing {
                let passing = params([("passingSchemas", vec![first, index].into())]);
                return self.fail(at, "must match exactly one schema in oneOf".to_owned(), passing);
            }
            passing = Some(index);
        }
        if passing.is_some() {
            self.errors.truncate(before);
            return true;
        }
        let passing = params([("passingSchemas", Value::Null)]);
        self.fail(at, "must match exactly one schema in oneOf".to_owned(), passing)
    }

    fn number(&mut self, check: &Check, number: &Number, at: Where<'_>) -> bool {
        let number = to_f64(number);
        let (limit, comparison, is_valid) = match check {
            Check::Maximum(limit) => (limit, "<=", number <= to_f64(limit)),
            Check::Minimum(limit) => (limit, ">=", number >= to_f64(limit)),
            Check::ExclusiveMaximum(limit) => (limit, "<", number < to_f64(limit)),
            Check::ExclusiveMinimum(limit) => (limit, ">", number > to_f64(limit)),
            Check::MultipleOf(divisor) => {
                let quotient = number / to_f64(divisor);
                // As JavaScript's `parseInt(quotient)`, which reads a text: from 1e21 on, that has an exponent.
                return js_number::is_integer(quotient) && quotient.abs() < 1e21
                    || self.fail(
                        at,
                        format!("must be multiple of {}", js_number::to_text(to_f64(divisor))),
                        params([("multipleOf", divisor.clone().into())]),
                    );
            }
            _ => return true,
        };
        is_valid || {
            let message = format!("must be {comparison} {}", js_number::to_text(to_f64(limit)));
            self.fail(at, message, params([("comparison", comparison.into()), ("limit", limit.clone().into())]))
        }
    }

    fn text(&mut self, check: &Check, text: &str, at: Where<'_>) -> bool {
        match check {
            Check::MaxLength(limit) => self.limited(at, text.chars().count(), true, *limit, "characters"),
            Check::MinLength(limit) => self.limited(at, text.chars().count(), false, *limit, "characters"),
            Check::Pattern(regexp, pattern) => {
                text.len() <= MAX_PATTERN_TEXT_BYTES && regexp.is_match(text) || {
                    let message = format!("must match pattern \"{pattern}\"");
                    self.fail(at, message, params([("pattern", pattern.as_str().into())]))
                }
            }
            _ => true,
        }
    }

    fn array(&mut self, check: &Check, items: &mut [Value], at: Where<'_>) -> bool {
        match check {
            Check::MaxItems(limit) => self.limited(at, items.len(), true, *limit, "items"),
            Check::MinItems(limit) => self.limited(at, items.len(), false, *limit, "items"),
            Check::UniqueItems(types) => {
                let has_type = |item: &Value| types.is_empty() || types.iter().any(|it| it.is_of(item));
                let Some((i, j)) = duplicates(items, &has_type, !types.is_empty()) else { return true };
                let message = format!("must NOT have duplicate items (items ## {j} and {i} are identical)");
                self.fail(at, message, params([("i", i.into()), ("j", j.into())]))
            }
            Check::Items(node) => {
                let mut items = items.iter_mut().enumerate();
                items.all(|(index, item)| self.node(node, Some(item), Place::Index(&at.place, index)))
            }
            _ => true,
        }
    }

    fn object(&mut self, check: &Check, entries: &mut serde_json::Map<String, Value>, at: Where<'_>) -> bool {
        match check {
            Check::MaxProperties(limit) => self.limited(at, entries.len(), true, *limit, "properties"),
            Check::MinProperties(limit) => self.limited(at, entries.len(), false, *limit, "properties"),
            Check::Defaults(defaults) => {
                for (name, default) in defaults {
                    if !entries.contains_key(name) {
                        self.has_changed = true;
                        entries.insert(name.clone(), default.clone());
                    }
                }
                true
            }
            Check::Required(names) => {
                let Some(missing) = names.iter().find(|name| !entries.contains_key(*name)) else { return true };
                let message = format!("must have required property '{missing}'");
                self.fail(at, message, params([("missingProperty", missing.as_str().into())]))
            }
            Check::AdditionalProperties { known, schema: Node::Never(_) } => {
                let before = entries.len();
                entries.retain(|name, _| known.binary_search(name).is_ok());
                self.has_changed |= entries.len() < before;
                true
            }
            Check::AdditionalProperties { known, schema } => {
                let mut others = entries.iter_mut().filter(|(name, _)| known.binary_search(name).is_err());
                others.all(|(name, value)| self.node(schema, Some(value), Place::Key(&at.place, name)))
            }
            Check::Properties(nodes) => nodes.iter().all(|(name, node)| match entries.get_mut(name) {
                Some(value) => self.node(node, Some(value), Place::Key(&at.place, name)),
                None => true,
            }),
            _ => true,
        }
    }

    /// Whether a value has one of the types, or was coerced to the first one that it can be.
    fn has_type(&mut self, types: &Types, value: Option<&mut Value>) -> bool {
        let Some(value) = value else { return false };
        let is_one = types.names.iter().any(|it| it.is_of(value));
        let changed = if is_one { as_integer(value) } else { types.names.iter().find_map(|it| it.coerce(value)) };
        let is_changed = changed.map(|changed| *value = changed).is_some();
        self.has_changed |= is_changed;
        is_one || is_changed
    }

    fn limited(&mut self, at: Where<'_>, count: usize, is_maximum: bool, limit: u64, things: &str) -> bool {
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        let is_valid = if is_maximum { count <= limit } else { count >= limit };
        is_valid || {
            let comparison = if is_maximum { "more" } else { "fewer" };
            let message = format!("must NOT have {comparison} than {limit} {things}");
            self.fail(at, message, params([("limit", limit.into())]))
        }
    }

    fn wrong_type(&mut self, types: &Types, schema: &str, place: Place<'_>) -> bool {
        let names = match &types.written {
            Value::Array(names) => names.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(","),
            name => name.as_str().unwrap_or_default().to_owned(),
        };
        let at = Where { schema, keyword: "type", place };
        self.fail(at, format!("must be {names}"), params([("type", types.written.clone())]))
    }

    #[inline(never)]
    fn fail(&mut self, at: Where<'_>, message: String, params: Value) -> bool {
        self.errors.push(ValidationError {
            instance_path: at.place.to_pointer(),
            keyword: at.keyword.into(),
            message,
            params,
            schema_path: format!("{}/{}", at.schema, at.keyword),
        });
        false
    }
}

/// Makes an integer of a number such as `5.0`, which JavaScript does not tell from `5`, so that a handler can take it as one.
fn as_integer(value: &Value) -> Option<Value> {
    let number = value.as_f64().filter(|_| value.is_f64())?;
    js_number::to_value(number).filter(Value::is_i64)
}

/// Returns the indices of two equal items, `i` and `j`, which Ajv finds first: it has one way for items of simple types, and another.
fn duplicates(items: &[Value], has_type: &dyn Fn(&Value) -> bool, is_simple: bool) -> Option<(usize, usize)> {
    // By their texts: to compare each with each would take a client's square of time.
    let mut seen: BTreeMap<Rc<str>, usize> = BTreeMap::new();
    let mut found = None;
    let mut look = |index: usize, item: &Value| {
        let mut text = String::new();
        push_comparable(item, MAX_COMPARED_DEPTH, &mut text);
        seen.insert(text.into(), index).map(|earlier| (index, earlier))
    };
    if is_simple {
        return items.iter().enumerate().rev().filter(|(_, item)| has_type(item)).find_map(|(i, item)| look(i, item));
    }
    for (index, item) in items.iter().enumerate() {
        found = look(index, item).or(found);
    }
    found
}

/// Appends a text that two values have in common if they are equal.
fn push_comparable(value: &Value, levels: usize, text: &mut String) {
    let Some(below) = levels.checked_sub(1) else { return };
    match value {
        Value::Null => text.push_str("null"),
        Value::Bool(value) => text.push_str(if *value { "true" } else { "false" }),
        Value::Number(number) => text.push_str(&js_number::to_text(to_f64(number))),
        Value::String(value) => text.push_str(&quoted(value)),
        Value::Array(items) => {
            text.push('[');
            for item in items {
                push_comparable(item, below, text);
                text.push(',');
            }
            text.push(']');
        }
        Value::Object(entries) => {
            text.push('{');
            for (name, value) in by_name(entries) {
                text.push_str(&quoted(name));
                text.push(':');
                push_comparable(value, below, text);
                text.push(',');
            }
            text.push('}');
        }
    }
}

/// Whether two values are equal, as in JavaScript, where `1.0` is `1`. `constant` is the schema's, and recursion ends with it.
fn is_equal(value: &Value, constant: &Value) -> bool {
    match (value, constant) {
        (Value::Number(one), Value::Number(other)) => one.as_f64() == other.as_f64(),
        (Value::Array(items), Value::Array(others)) => {
            items.len() == others.len() && items.iter().zip(others).all(|(one, other)| is_equal(one, other))
        }
        (Value::Object(entries), Value::Object(others)) => {
            entries.len() == others.len()
                && others.iter().all(|(name, other)| entries.get(name).is_some_and(|one| is_equal(one, other)))
        }
        (value, constant) => value == constant,
    }
}

fn to_f64(number: &Number) -> f64 {
    number.as_f64().unwrap_or(f64::NAN)
}
