//! Schemas of payloads.

use core::fmt;
use std::rc::Rc;

use serde_json::Value;

use super::check;
use super::compile::compile;
use super::rules::Node;
use super::schema_error::SchemaError;
use super::type_rules::read_payload;
use super::validation_error::ValidationError;
use crate::value::Args;

/// A [JSON Schema](https://json-schema.org) (draft 7), compiled. Clones share it.
///
/// Its keywords are `type`, `nullable`, `enum`, `const`, `minimum`, `maximum`, `exclusiveMinimum`, `exclusiveMaximum`, `multipleOf`,
/// `minLength`, `maxLength`, `pattern`, `items`, `minItems`, `maxItems`, `uniqueItems`, `properties`, `required`,
/// `additionalProperties`, `minProperties`, `maxProperties`, `default` of a property, `anyOf`, `oneOf`, `allOf`, `not`, and those for
/// readers, such as `description`.
#[derive(Clone)]
pub struct Schema(Rc<Node>);

impl Schema {
    /// Compiles a schema.
    ///
    /// # Errors
    /// A keyword is not known, or has a value that it does not take; the error names it and its place. A schema may be nested 64 times.
    pub fn compile(schema: &Value) -> Result<Self, SchemaError> {
        compile(schema).map(|node| Self(Rc::new(node)))
    }

    /// Checks a value, and changes it as Ajv does with the options `coerceTypes`, `removeAdditional` and `useDefaults`: values of
    /// other types are converted where that is possible, properties are removed where `additionalProperties` is `false`, and defaults
    /// are set. Changes are made even if the check fails in the end.
    ///
    /// ```
    /// use dormouse::validation::Schema;
    /// use serde_json::json;
    ///
    /// let schema = Schema::compile(&json!({
    ///     "type": "object",
    ///     "properties": {
    ///         "name": { "type": "string", "minLength": 1 },
    ///         "price": { "type": "number" },
    ///         "currency": { "type": "string", "default": "EUR" },
    ///     },
    ///     "required": ["name", "price"],
    ///     "additionalProperties": false,
    /// }))?;
    ///
    /// let mut product = json!({ "name": "Lamp", "price": "12.5", "admin": true });
    /// assert_eq!(schema.check(&mut product), Ok(()));
    /// assert_eq!(product, json!({ "name": "Lamp", "price": 12.5, "currency": "EUR" }));
    ///
    /// let errors = schema.check(&mut json!({ "name": "Lamp" })).expect_err("it has no price");
    /// assert_eq!(serde_json::to_value(errors)?, json!([{
    ///     "instancePath": "",
    ///     "keyword": "required",
    ///     "message": "must have required property 'price'",
    ///     "params": { "missingProperty": "price" },
    ///     "schemaPath": "#/required",
    /// }]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The value does not fit. The check ends with the first error, so there are several only if no alternative of `anyOf` or `oneOf`
    /// fits: those of the alternatives, and that of the keyword.
    pub fn check(&self, value: &mut Value) -> Result<(), Vec<ValidationError>> {
        check::check(&self.0, Some(value)).map(drop)
    }

    /// Checks a payload, an argument; returns it if the check has changed it.
    ///
    /// # Errors
    /// Those of [`check`](Self::check); or the payload has a binary value, which no schema has, or is nested too deep.
    pub(crate) fn check_args(&self, args: &Args) -> Result<Option<Value>, Vec<ValidationError>> {
        let mut payload = read_payload(args)?;
        let is_changed = check::check(&self.0, Some(&mut payload))?;
        Ok(is_changed.then_some(payload))
    }

    /// Checks a payload that a client did not send.
    ///
    /// # Errors
    /// The schema asks for a payload.
    pub(crate) fn check_missing(&self) -> Result<(), Vec<ValidationError>> {
        check::check(&self.0, None).map(drop)
    }
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Schema")
    }
}
