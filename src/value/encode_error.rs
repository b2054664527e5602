//! The error for values that cannot be arguments.

use core::error::Error;
use core::fmt::{self, Display};

use crate::limits::MAX_ATTACHMENTS;

/// Why a value cannot be arguments. The caller is to blame.
#[derive(Debug)]
#[non_exhaustive]
pub enum EncodeError {
    /// The value does not go into JSON: the reason is its own, or one of its maps has keys that are no strings.
    Json(serde_json::Error),
    /// There are more byte strings than [`MAX_ATTACHMENTS`]: the other side's parser would refuse the packet.
    TooManyAttachments,
}

impl Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(error) => write!(f, "the arguments cannot be written as JSON: {error}"),
            Self::TooManyAttachments => {
                write!(f, "more than {MAX_ATTACHMENTS} binary attachments, the most that the other side's parser takes")
            }
        }
    }
}

impl Error for EncodeError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Json(error) => Some(error),
            Self::TooManyAttachments => None,
        }
    }
}

impl From<serde_json::Error> for EncodeError {
    fn from(error: serde_json::Error) -> Self {
        // Memory takes all that is written: the only such failure is the one below.
        if error.is_io() { Self::TooManyAttachments } else { Self::Json(error) }
    }
}
