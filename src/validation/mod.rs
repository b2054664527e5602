//! Checks of what clients send: [`Valid<T>`](Valid) by the rules of a type, [`Schema`] by a JSON Schema.

mod by_name;
mod check;
mod compile;
mod js_number;
mod json_pointer;
mod json_type;
mod keyword_words;
mod rules;
mod schema;
mod schema_error;
mod type_rules;
mod valid;
mod validation_error;

pub use schema::Schema;
pub use schema_error::SchemaError;
pub(crate) use type_rules::{refusal, validate_payload};
pub use valid::Valid;
pub use validation_error::ValidationError;
