//! An error whose text is for the log, and what clients are told instead.

use core::error::Error;
use core::fmt;

use crate::id::secret;

/// The code that clients are told.
pub(super) const INTERNAL_CODE: &str = "INTERNAL_SERVER_ERROR";

/// The sentence that clients are told.
pub(crate) const INTERNAL_MESSAGE: &str = "An internal server error has occurred.";

/// An internal error.
#[derive(Debug)]
pub(super) struct InternalError {
    /// Nine random bytes, 12 characters: enough to find one line among all, and to guess nobody else's.
    reference: String,
    source: Box<dyn Error>,
}

impl InternalError {
    pub(super) fn new(source: Box<dyn Error>) -> Self {
        Self { reference: secret::<9>(), source }
    }

    pub(super) fn reference(&self) -> &str {
        &self.reference
    }

    pub(super) fn source(&self) -> &(dyn Error + 'static) {
        &*self.source
    }
}

// Whoever has the same reference was told of the same error; errors themselves cannot be compared.
impl PartialEq for InternalError {
    fn eq(&self, other: &Self) -> bool {
        self.reference == other.reference
    }
}

impl Eq for InternalError {}

/// An internal error that is a text only.
#[derive(Debug)]
pub(super) struct Problem(pub(super) String);

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Problem {}
