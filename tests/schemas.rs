//! Schemas find what Ajv finds: `tests/ajv/expected.json` is what Ajv itself said, with the options that FoalTS gives it.
#![cfg(feature = "validation")]
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use dormouse::validation::Schema;
use serde_json::{Value, json};

#[derive(serde::Deserialize)]
struct Expected {
    cases: Vec<Case>,
    refused: Vec<Value>,
}

#[derive(serde::Deserialize)]
struct Case {
    schema: Value,
    checks: Vec<Check>,
}

#[derive(serde::Deserialize)]
struct Check {
    /// Missing if the client sent none.
    #[serde(default, deserialize_with = "some")]
    payload: Option<Value>,
    errors: Option<Value>,
    #[serde(default, deserialize_with = "some")]
    changed: Option<Value>,
}

/// Reads `null` as a payload, too.
fn some<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    serde::Deserialize::deserialize(deserializer).map(Some)
}

fn expected() -> Expected {
    serde_json::from_str(include_str!("ajv/expected.json")).expect("the expectations")
}

/// Returns a value in which equal numbers are written in the same way.
fn plain(value: Value) -> Value {
    match value {
        Value::Number(number) => number.as_f64().expect("a number").into(),
        Value::Array(items) => items.into_iter().map(plain).collect(),
        Value::Object(entries) => entries.into_iter().map(|(name, value)| (name, plain(value))).collect(),
        other => other,
    }
}

#[test]
fn every_check_ends_as_with_ajv() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for Case { schema, checks } in expected().cases {
        let compiled = Schema::compile(&schema).unwrap_or_else(|error| panic!("{schema}: {error}"));
        for Check { payload, errors, changed } in checks {
            count += 1;
            let Some(mut value) = payload.clone() else { continue };
            let found = compiled.check(&mut value).err();
            let found = found.map(|found| serde_json::to_value(found).expect("errors are JSON"));
            if found.clone().map(plain) != errors.clone().map(plain) {
                wrong.push(format!("{schema} of {payload:?}:\n  found    {found:?}\n  expected {errors:?}"));
            } else if Some(plain(value.clone())) != changed.clone().map(plain) {
                wrong.push(format!("{schema} of {payload:?}: changed to {value}, expected {changed:?}"));
            }
        }
    }
    assert!(count > 400, "{count} checks");
    assert!(wrong.is_empty(), "{} of {count} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn what_ajv_refuses_is_refused() {
    for schema in expected().refused {
        assert!(Schema::compile(&schema).is_err(), "{schema}");
    }
}

#[test]
fn an_error_names_the_keyword_and_its_place() {
    let error = |schema: Value| Schema::compile(&schema).expect_err("a mistake").to_string();
    assert!(
        error(json!({ "type": "object", "properties": { "a": { "tpye": "string" } } })).starts_with(
            "#/properties/a: \"tpye\" is not a keyword; the keywords are type, nullable, default, maximum"
        )
    );
    assert_eq!(
        error(json!({ "items": { "minLength": "3" } })),
        "#/items/minLength: \"3\" is not what the keyword takes; write a whole number from 0 on"
    );
    assert!(
        error(json!({ "pattern": "(" })).starts_with("#/pattern: \"(\" is not a regular expression of JavaScript: ")
    );
    assert_eq!(error(json!({ "default": 1 })), "#/default: a default has an effect in `properties` only; remove it");
}

/// It must also hold with the feature `preserve_order` of `serde_json`, which any crate of an app may enable:
/// `cargo test -p dormouse --features validation,serde_json/preserve_order --test schemas`.
#[test]
fn the_order_of_properties_does_not_matter() {
    let schema = json!({
        "type": "object",
        "properties": {
            "name": { "type": "string" }, "zip": { "type": "string" }, "age": { "type": "integer", "default": 1 },
            "admin": { "type": "boolean", "default": false }, "city": { "type": "string" },
        },
        "additionalProperties": false,
        "required": ["name"],
    });
    let schema = Schema::compile(&schema).expect("a schema");
    let mut sent = json!({ "name": "Anna", "zip": 1, "age": "5", "more": 1, "admin": "true", "city": "B" });
    assert_eq!(schema.check(&mut sent), Ok(()));
    assert_eq!(sent, json!({ "name": "Anna", "zip": "1", "age": 5, "admin": true, "city": "B" }));
    let errors = schema.check(&mut json!({ "name": "Anna", "zip": [], "city": [] })).expect_err("both are wrong");
    assert_eq!(errors.iter().map(|error| &*error.instance_path).collect::<Vec<_>>(), ["/city"]);

    let unique = Schema::compile(&json!({ "uniqueItems": true })).expect("a schema");
    assert!(
        unique.check(&mut json!([{ "a": 1, "b": { "c": 1, "d": 2 } }, { "b": { "d": 2, "c": 1 }, "a": 1 }])).is_err()
    );
    assert_eq!(unique.check(&mut json!([{ "a": 1, "b": 2 }, { "b": 1, "a": 2 }])), Ok(()));
}

#[test]
fn depth_is_bounded() {
    let nested = |levels: usize| (0..levels).fold(json!({ "type": "string" }), |schema, _| json!({ "items": schema }));
    let schema = Schema::compile(&nested(60)).expect("a schema");
    let mut value = (0..60).fold(json!(5), |value, _| json!([value]));
    assert_eq!(schema.check(&mut value), Ok(()));
    assert!(value.to_string().contains("[\"5\"]"));
    assert!(Schema::compile(&nested(65)).is_err());
    let deep = (0..65).fold(json!(1), |value, _| json!([value]));
    assert!(Schema::compile(&json!({ "const": deep })).is_err());
    assert!(Schema::compile(&json!({ "enum": [deep] })).is_err());
}

#[test]
fn hostile_values_cost_little() {
    let unique = Schema::compile(&json!({ "type": "array", "uniqueItems": true })).expect("a schema");
    let mut many: Value = (0..100_000).map(|number| json!({ "number": number })).collect();
    assert_eq!(unique.check(&mut many), Ok(()));
    let deep = (0..1_000).fold(json!(1), |value, _| json!([value]));
    assert!(unique.check(&mut json!([deep.clone(), deep])).is_err());

    let pattern = Schema::compile(&json!({ "pattern": "^a*$" })).expect("a schema");
    assert_eq!(pattern.check(&mut json!("a".repeat(8_192))), Ok(()));
    assert!(pattern.check(&mut json!("a".repeat(8_193))).is_err());

    let names = Schema::compile(&json!({ "additionalProperties": { "type": "integer" } })).expect("a schema");
    let mut long = serde_json::Map::new();
    long.insert("x".repeat(100_000), json!("x"));
    let errors = names.check(&mut Value::Object(long)).expect_err("no integer");
    assert!(errors.iter().all(|error| error.instance_path.len() < 400), "{}", errors.len());
}
