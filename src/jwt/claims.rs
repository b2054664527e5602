//! The claims of tokens.

use serde::de::DeserializeOwned;

use crate::time::Timestamp;

/// An app's claims: what its tokens say of a client, such as `sub`, `name` or `role`. `exp`, `iat` and `nbf` are read and checked by
/// Dormouse, and are not among them: [`Token`] has the first two.
pub trait Claims: DeserializeOwned + 'static {
    /// The name of the variable with the keys: see [`Keys::parse`](super::Keys::parse).
    const SECRET: &'static str = "TOKEN_SECRET";
}

/// A token that was verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token<T> {
    /// The app's claims.
    pub claims: T,
    /// When it expires, by its claim `exp`; `None` if it does not.
    pub expires: Option<Timestamp>,
    /// When it was issued, by its claim `iat`.
    pub issued: Option<Timestamp>,
}
