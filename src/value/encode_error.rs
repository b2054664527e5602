//! The error for values that cannot be written as arguments.

use core::error::Error;
use core::fmt::{self, Display};

use crate::limits::MAX_ATTACHMENTS;

/// The error when a value cannot be written as arguments. The fault is the caller's.
#[derive(Debug)]
#[non_exhaustive]
pub enum EncodeError {
    /// The value cannot be written as JSON: its `Serialize` failed, or it has a map whose keys are not strings.
    Json(serde_json::Error),
    /// The value has more byte strings than [`MAX_ATTACHMENTS`]: the client's parser would refuse the packet.
    TooManyAttachments,
}

impl Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(error) => write!(f, "the arguments cannot be written as JSON: {error}"),
            Self::TooManyAttachments => {
                write!(f, "more than {MAX_ATTACHMENTS} binary attachments, the most that a client's parser accepts")
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
        // Writing to memory cannot fail, so the only I/O error is that of the encoder for too many attachments.
        if error.is_io() { Self::TooManyAttachments } else { Self::Json(error) }
    }
}
