//! Limits of what is checked with the feature `validation`.

/// Deepest nesting of a schema, and of the values in it, in objects and arrays. A check recurses as deep as the schema, and the
/// stack of an isolate is 1 MB.
pub const MAX_SCHEMA_DEPTH: usize = 64;

/// Longest text that is matched with a `pattern`, in bytes; a longer one does not match. The pattern is the app's, but the text is a
/// client's: an engine that backtracks may take time that grows with the square of its length, or worse.
pub const MAX_PATTERN_TEXT_BYTES: usize = 8_192;

/// Most broken rules of one payload of which its client is told. Each may be one item of a list that is as long as a client likes.
pub const MAX_BROKEN_RULES: usize = 100;
