//! Why a token is not valid.

use core::fmt;

use serde_json::Value;

use crate::error::{Failure, HandlerError, INVALID_TOKEN};
use crate::limits::MAX_TOKEN_BYTES;

/// Why a token is not valid. As the error of a handler, its code is `INVALID_TOKEN`, which is a 401 to HTTP requests.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JwtError {
    /// There is none.
    Missing,
    /// It is not a token, or has more than 8,192 bytes.
    Malformed,
    /// It is not signed with `HS256`.
    WrongAlgorithm,
    /// No key has its `kid`.
    UnknownKey,
    /// Its signature is not of any of the keys.
    WrongSignature,
    /// Its claims are not those that are asked for. With the reason.
    WrongClaims(String),
    /// Its time, `exp`, is over.
    Expired,
    /// Its time, `nbf`, has not come.
    NotYetValid,
}

impl fmt::Display for JwtError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("there is no token; send one in auth.token, ?token= or Authorization: Bearer"),
            Self::Malformed => write!(f, "the token is not a JWT of at most {MAX_TOKEN_BYTES} bytes"),
            Self::WrongAlgorithm => f.write_str("the token is not signed with HS256"),
            Self::UnknownKey => f.write_str("the token is signed with a key that is not known here (kid)"),
            Self::WrongSignature => f.write_str("the token's signature is wrong"),
            Self::WrongClaims(reason) => write!(f, "the token's claims are wrong: {reason}"),
            Self::Expired => f.write_str("the token has expired; log in again"),
            Self::NotYetValid => f.write_str("the token is not valid yet (nbf)"),
        }
    }
}

// Not an `Error`: `?` would convert it without the code.
impl HandlerError for JwtError {
    fn code(&self) -> &str {
        INVALID_TOKEN
    }

    fn data(&self) -> Option<Value> {
        None
    }
}

impl From<JwtError> for Failure {
    fn from(error: JwtError) -> Self {
        Self::new(INVALID_TOKEN, error.to_string())
    }
}
