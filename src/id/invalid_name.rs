//! What every name is as a text, and the error for a text that is none.

use core::error::Error;
use core::fmt;
use std::borrow::Cow;

use serde::Deserialize;

use crate::limits::MAX_ECHOED_NAME_CHARS;

/// The error for a text that is not an id or a name of the wanted kind.
///
/// ```
/// use dormouse::Namespace;
///
/// let error = "chat".parse::<Namespace>().unwrap_err();
/// assert_eq!(error.to_string(), r#""chat" is not a namespace; a namespace starts with / and has no comma"#);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidName {
    /// The text, up to [`MAX_ECHOED_NAME_CHARS`].
    name: String,
    /// What it is not, and what it should be.
    problem: &'static str,
}

impl InvalidName {
    pub(super) fn new(name: &str, problem: &'static str) -> Self {
        Self { name: name.chars().take(MAX_ECHOED_NAME_CHARS).collect(), problem }
    }
}

impl fmt::Display for InvalidName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {}", self.name, self.problem)
    }
}

impl Error for InvalidName {}

/// A name's text, borrowed where it has no escapes.
#[derive(Deserialize)]
pub(super) struct Text<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

/// What every name is as a text.
macro_rules! text {
    ($name:ident) => {
        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    };
}

/// A name that not every text is, with what is said of one that is none.
macro_rules! parsed {
    ($name:ident, $problem:literal) => {
        $crate::id::invalid_name::text!($name);

        impl core::str::FromStr for $name {
            type Err = $crate::id::InvalidName;

            fn from_str(text: &str) -> Result<Self, $crate::id::InvalidName> {
                Self::parse(text).ok_or_else(|| $crate::id::InvalidName::new(text, $problem))
            }
        }

        impl TryFrom<&str> for $name {
            type Error = $crate::id::InvalidName;

            fn try_from(text: &str) -> Result<Self, $crate::id::InvalidName> {
                text.parse()
            }
        }

        impl TryFrom<String> for $name {
            type Error = $crate::id::InvalidName;

            fn try_from(text: String) -> Result<Self, $crate::id::InvalidName> {
                text.parse()
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let $crate::id::invalid_name::Text(text) = serde::Deserialize::deserialize(deserializer)?;
                Self::parse(&text)
                    .ok_or_else(|| serde::de::Error::custom($crate::id::InvalidName::new(&text, $problem)))
            }
        }
    };
}

pub(super) use {parsed, text};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{Namespace, Sid, SocketId, WorldName};

    #[test]
    fn what_is_no_name_is_told_with_its_text() {
        let told = |error: InvalidName| error.to_string();
        assert_eq!(
            "short".parse::<SocketId>().map_err(told),
            Err(r#""short" is not a socket id; a socket id is 20 characters of A-Z, a-z, 0-9, _ and -"#.to_owned())
        );
        assert_eq!(
            Sid::try_from("a b").map_err(told),
            Err(r#""a b" is not a session id; a session id is 1 to 64 characters of A-Z, a-z, 0-9, _ and -"#.to_owned())
        );
        assert_eq!(
            Namespace::try_from("\n".to_owned()).map_err(told),
            Err(r#""\n" is not a namespace; a namespace starts with / and has no comma"#.to_owned())
        );
        assert!("x".repeat(100_000).parse::<WorldName>().map_err(told).is_err_and(|told| told.len() < 300));
    }
}
