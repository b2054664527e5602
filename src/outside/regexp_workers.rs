//! The runtime's own regular expressions, which cost no wasm; a regex engine would be 300 KB of it.

use core::fmt;

use wasm_bindgen::prelude::wasm_bindgen;

/// A regular expression with the flag `u`.
pub(crate) struct Regexp(RegExp);

impl Regexp {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// The pattern is invalid; the text says why.
    pub(crate) fn new(pattern: &str) -> Result<Self, String> {
        RegExp::new(pattern, "u").map(Self).map_err(|error| String::from(error.message()))
    }

    /// Whether the pattern matches somewhere in a text.
    pub(crate) fn is_match(&self, text: &str) -> bool {
        self.0.test(text)
    }
}

impl fmt::Debug for Regexp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Regexp")
    }
}

// `js_sys::RegExp::new` does not catch what an invalid pattern throws.
#[wasm_bindgen]
extern "C" {
    type RegExp;

    #[wasm_bindgen(constructor, catch)]
    fn new(pattern: &str, flags: &str) -> Result<RegExp, js_sys::Error>;

    #[wasm_bindgen(method)]
    fn test(this: &RegExp, text: &str) -> bool;
}
