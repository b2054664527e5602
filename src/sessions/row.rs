//! A session as it is stored.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::options::SessionOptions;
use crate::id::secret;
use crate::time::Timestamp;

/// The row of a session, under its id.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Row {
    /// The user's id, if somebody has signed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) user: Option<Value>,
    /// The token that a page must send back, to show that it could read what the session's cookie does not tell.
    pub(super) csrf: String,
    /// The app's values.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub(super) content: Map<String, Value>,
    /// The app's values for the next message or request only.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub(super) flash: Map<String, Value>,
    /// When it was made.
    pub(super) created: Timestamp,
    /// When it was last used, as far as that was written.
    pub(super) used: Timestamp,
}

impl Row {
    /// Returns the row of a session that is not stored yet.
    pub(super) fn new() -> Self {
        let (content, flash, never) = (Map::new(), Map::new(), Timestamp::default());
        Self { user: None, csrf: secret::<32>(), content, flash, created: never, used: never }
    }

    /// Returns when the session ends, if it is not used again.
    pub(super) fn ends(&self, options: &SessionOptions) -> Timestamp {
        self.used.after(options.idle).min(self.created.after(options.absolute))
    }
}
