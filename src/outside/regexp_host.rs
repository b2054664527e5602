//! Regular expressions of JavaScript in tests on the host, by an engine that has the same syntax.

use core::fmt;

/// A regular expression with the flag `u`.
pub(crate) struct Regexp(regress::Regex);

impl Regexp {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// The pattern is invalid; the text says why.
    pub(crate) fn new(pattern: &str) -> Result<Self, String> {
        regress::Regex::with_flags(pattern, "u").map(Self).map_err(|error| error.to_string())
    }

    /// Whether the pattern matches somewhere in a text.
    pub(crate) fn is_match(&self, text: &str) -> bool {
        self.0.find(text).is_some()
    }
}

impl fmt::Debug for Regexp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Regexp")
    }
}
