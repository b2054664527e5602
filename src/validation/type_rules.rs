//! The check of a payload by the rules of its type.

use garde::Validate;
use serde::de::DeserializeOwned;
use serde_path_to_error::{Deserializer, Path, Segment, Track};

use super::json_pointer::{instance_segment, schema_segment};
use super::keyword_words::{KeywordWords, keyword_of};
use super::validation_error::{ValidationError, params};
use crate::error::{Failure, VALIDATION_PAYLOAD_ERROR};
use crate::limits::MAX_BROKEN_RULES;
use crate::value::{Args, DecodeError, json, reason};

/// Reads arguments as a type, and checks them by its rules.
///
/// # Errors
/// An argument is missing or has another type, which is one error; or rules are not kept, which are one error each, a hundred at most.
pub(crate) fn validate_payload<T>(args: &Args) -> Result<T, Vec<ValidationError>>
where
    T: DeserializeOwned + Validate<Context = ()>,
{
    read_payload(args).and_then(checked)
}

/// Reads arguments as a type.
///
/// # Errors
/// An argument is missing, has another type, or has a binary value where the type has none: one error.
pub(super) fn read_payload<T: DeserializeOwned>(args: &Args) -> Result<T, Vec<ValidationError>> {
    let payload = args.parse_located();
    payload.map_err(|(path, error): (Path, DecodeError)| match error.reason() {
        Some(reason) => vec![unreadable(&path, reason)],
        None => vec![unreadable(&path, &error.to_string())],
    })
}

/// Reads the body of a request as a type, and checks it by its rules.
///
/// # Errors
/// Those of [`validate_payload`].
pub(super) fn validate_body<T>(body: &str) -> Result<T, Vec<ValidationError>>
where
    T: DeserializeOwned + Validate<Context = ()>,
{
    let payload = json::parse_with(body, |body| {
        let mut json = serde_json::Deserializer::from_str(body);
        let mut track = Track::new();
        let payload = T::deserialize(Deserializer::new(&mut json, &mut track));
        payload.and_then(|payload| json.end().map(|()| payload)).map_err(|error| (track.path(), error))
    });
    payload.map_err(|(path, error)| vec![unreadable(&path, &reason(&error))]).and_then(checked)
}

/// Returns the failure that tells a client what is wrong with its payload.
pub(crate) fn refusal(errors: &[ValidationError]) -> Failure {
    let first = errors.first().map(|error| &*error.schema_path).unwrap_or_default();
    let failure = Failure::new(VALIDATION_PAYLOAD_ERROR, format!("the payload does not fit {first}"));
    failure.with_field("payload", errors)
}

fn checked<T: Validate<Context = ()>>(payload: T) -> Result<T, Vec<ValidationError>> {
    match garde::i18n::with_i18n(KeywordWords::default(), || payload.validate()) {
        Ok(()) => Ok(payload),
        Err(report) => Err(broken_rules(&report)),
    }
}

#[inline(never)]
fn broken_rules(report: &garde::Report) -> Vec<ValidationError> {
    let broken = report.iter().take(MAX_BROKEN_RULES).map(|(path, error)| {
        let (keyword, message, params) = keyword_of(error.message());
        let (mut instance_path, mut schema_path) = (String::new(), "#".to_owned());
        for (kind, name) in path.__iter().rev() {
            match kind {
                garde::error::Kind::None => {}
                garde::error::Kind::Key => push_key(name, &mut instance_path, &mut schema_path),
                garde::error::Kind::Index => push_index(name, &mut instance_path, &mut schema_path),
            }
        }
        schema_path.push('/');
        schema_path.push_str(&keyword);
        ValidationError { instance_path, keyword: keyword.into(), message, params, schema_path }
    });
    broken.collect()
}

/// Returns the error of a payload that serde cannot read. Serde has texts only: the common ones become Ajv's keywords.
#[inline(never)]
fn unreadable(path: &Path, reason: &str) -> ValidationError {
    let name_after = |start: &str| reason.strip_prefix(start)?.split_once('`').map(|(name, _)| name.to_owned());
    let unknown = name_after("unknown field `");
    // Serde's path ends with the unknown field, and Ajv's with the object that has it.
    let segments = path.iter().len().saturating_sub(usize::from(unknown.is_some()));
    let (mut instance_path, mut schema_path) = (String::new(), "#".to_owned());
    for segment in path.iter().take(segments) {
        match segment {
            Segment::Seq { index } => push_index(&index.to_string(), &mut instance_path, &mut schema_path),
            Segment::Map { key } => push_key(key, &mut instance_path, &mut schema_path),
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    let (keyword, message, params) = if let Some(name) = name_after("missing field `") {
        let message = format!("must have required property '{name}'");
        ("required", message, params([("missingProperty", name.into())]))
    } else if let Some(name) = unknown {
        let message = "must NOT have additional properties".to_owned();
        ("additionalProperties", message, params([("additionalProperty", name.into())]))
    } else if reason.starts_with("unknown variant") {
        ("enum", reason.to_owned(), params([]))
    } else {
        ("type", reason.to_owned(), params([]))
    };
    schema_path.push('/');
    schema_path.push_str(keyword);
    ValidationError { instance_path, keyword: keyword.into(), message, params, schema_path }
}

fn push_key(key: &str, instance_path: &mut String, schema_path: &mut String) {
    instance_path.push_str(&instance_segment(key));
    schema_path.push_str("/properties");
    schema_path.push_str(&schema_segment(key));
}

fn push_index(index: &str, instance_path: &mut String, schema_path: &mut String) {
    instance_path.push('/');
    instance_path.push_str(index);
    schema_path.push_str("/items");
}
