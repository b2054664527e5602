//! Limits of what the feature `jwt` reads.

/// Longest token, in bytes. It is decoded before its signature is checked. Tokens take 1,000 or 2,000 bytes.
pub const MAX_TOKEN_BYTES: usize = 8_192;

/// Shortest secret that signs tokens, in bytes: RFC 7518 asks for as many as the hash of `HS256` has.
pub const MIN_TOKEN_SECRET_BYTES: usize = 32;

/// Most keys at once: a token without `kid` is checked with each of them. Two are enough to rotate.
pub const MAX_TOKEN_KEYS: usize = 10;

/// Longest `kid` of a key, in characters. It is in every token.
pub const MAX_KID_CHARS: usize = 64;

/// How far the clock of another server that signs tokens may be ahead.
pub const TOKEN_LEEWAY: core::time::Duration = core::time::Duration::from_mins(1);
