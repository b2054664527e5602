//! A session as it is stored, and changes of it.

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

/// What a message has changed of a session: nothing else of the row is written, as other messages may have changed it meanwhile.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Changes {
    /// The new id and the new CSRF token.
    pub(super) secrets: Option<(String, String)>,
    pub(super) user: Option<Value>,
    pub(super) set: Map<String, Value>,
    pub(super) removed: Vec<String>,
    /// The values for the next message only.
    pub(super) flash: Map<String, Value>,
    /// Those that were for this one.
    pub(super) read: Map<String, Value>,
}

impl Row {
    /// Returns the row of a new session.
    pub(super) fn new(now: Timestamp) -> Self {
        let (content, flash) = (Map::new(), Map::new());
        Self { user: None, csrf: secret::<32>(), content, flash, created: now, used: now }
    }

    /// Returns when the session ends, if it is not used again.
    pub(super) fn ends(&self, options: &SessionOptions) -> Timestamp {
        self.used.after(options.idle).min(self.created.after(options.absolute))
    }

    /// Makes changes; returns the new id, if it has one.
    pub(super) fn change(&mut self, changes: Changes) -> Option<String> {
        let Changes { secrets, user, set, removed, flash, read } = changes;
        self.user = user.or(self.user.take());
        for key in removed {
            self.content.remove(&key);
        }
        for (key, value) in set {
            self.content.insert(key, value);
        }
        for (key, value) in read {
            if self.flash.get(&key) == Some(&value) {
                self.flash.remove(&key);
            }
        }
        for (key, value) in flash {
            self.flash.insert(key, value);
        }
        let (id, csrf) = secrets?;
        self.csrf = csrf;
        Some(id)
    }
}
