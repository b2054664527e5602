//! The error of a schema that cannot be compiled.

use core::fmt;

/// What is wrong with a schema, and where: a keyword that is not known, or one with a value of another kind than it takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaError {
    path: String,
    problem: String,
}

impl SchemaError {
    pub(super) fn new(path: &str, problem: impl Into<String>) -> Self {
        Self { path: path.to_owned(), problem: problem.into() }
    }

    /// Returns where in the schema the mistake is: `#/properties/name/type`.
    pub fn schema_path(&self) -> &str {
        &self.path
    }
}

impl fmt::Display for SchemaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.problem)
    }
}

impl core::error::Error for SchemaError {}
