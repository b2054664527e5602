//! The handle of a session.

use core::cell::RefCell;
use core::fmt;
use std::rc::Rc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Map;

use super::row::{Changes, Row};
use super::rows::Found;
use super::session_store::Sessions;
use crate::error::Failure;
use crate::id::secret;
use crate::limits::SESSION_TOUCH_SHARE;

/// A session: a user's id, and values of the app by key. Clones are the same session. What is changed is written by
/// [`commit`](Self::commit), which the hook [`use_sessions`](super::use_sessions) calls when a message was handled; a handler of HTTP
/// requests calls it itself.
#[derive(Clone)]
pub struct Session(Rc<Inner>);

struct Inner {
    sessions: Sessions,
    state: RefCell<State>,
}

struct State {
    /// The id under which it is stored.
    id: String,
    /// What was read, with the changes of this handle.
    row: Row,
    changes: Changes,
    /// Whether its use must be written.
    is_due: bool,
    standing: Standing,
}

/// What of a session is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Stored,
    /// This handle has destroyed it.
    Destroyed,
    /// This handle has meant to, but it was not there any more.
    Missed,
    /// Somebody else has destroyed it, or given it another id.
    Lost,
}

impl Session {
    pub(super) fn new(sessions: Sessions, id: String, (row, at): Found) -> Self {
        let is_due = at.since(row.used) >= sessions.options.idle / SESSION_TOUCH_SHARE;
        let state = State { id, row, changes: Changes::default(), is_due, standing: Standing::Stored };
        Self(Rc::new(Inner { sessions, state: RefCell::new(state) }))
    }

    /// Returns the id, which is a secret between the server and the user: 43 characters of base64url, of 256 random bits.
    pub fn id(&self) -> Rc<str> {
        let state = self.0.state.borrow();
        state.changes.secrets.as_ref().map_or(&*state.id, |(id, _)| id).into()
    }

    /// Returns the CSRF token, 256 random bits as well: a page that signs in by a cookie must send it back, see
    /// [`forward_http_session`](super::forward_http_session).
    pub fn csrf_token(&self) -> String {
        let state = self.0.state.borrow();
        state.changes.secrets.as_ref().map_or(&state.row.csrf, |(_, csrf)| csrf).clone()
    }

    /// Returns the user's id, as it was set; `None` if nobody has signed in.
    ///
    /// # Errors
    /// It is not a `T`.
    pub fn user_id<T: DeserializeOwned>(&self) -> Result<Option<T>, Failure> {
        Ok(match &self.0.state.borrow().row.user {
            Some(id) => Some(T::deserialize(id)?),
            None => None,
        })
    }

    /// Sets who has signed in. Call [`regenerate`](Self::regenerate) with it, so that an id that was known before is worth nothing.
    ///
    /// # Errors
    /// The id cannot be written as JSON.
    pub fn set_user_id(&self, id: &(impl Serialize + ?Sized)) -> Result<(), Failure> {
        let id = serde_json::to_value(id)?;
        let mut state = self.0.state.borrow_mut();
        state.row.user = Some(id.clone());
        state.changes.user = Some(id);
        Ok(())
    }

    /// Returns a value of the app, also one that [`flash`](Self::flash) set at the message or request before.
    ///
    /// # Errors
    /// It is not a `T`.
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, Failure> {
        let state = self.0.state.borrow();
        match state.row.flash.get(key).or_else(|| state.row.content.get(key)) {
            Some(value) => Ok(Some(T::deserialize(value)?)),
            None => Ok(None),
        }
    }

    /// Sets a value of the app.
    ///
    /// # Errors
    /// The value cannot be written as JSON.
    pub fn set(&self, key: &str, value: &(impl Serialize + ?Sized)) -> Result<(), Failure> {
        let value = serde_json::to_value(value)?;
        let mut state = self.0.state.borrow_mut();
        state.row.content.insert(key.to_owned(), value.clone());
        state.changes.removed.retain(|removed| removed != key);
        state.changes.set.insert(key.to_owned(), value);
        Ok(())
    }

    /// Removes a value of the app.
    pub fn remove(&self, key: &str) {
        let mut state = self.0.state.borrow_mut();
        state.row.content.remove(key);
        state.changes.set.remove(key);
        state.changes.removed.push(key.to_owned());
    }

    /// Sets a value that [`get`](Self::get) returns at the next message or request, and not after that.
    ///
    /// # Errors
    /// The value cannot be written as JSON.
    pub fn flash(&self, key: &str, value: &(impl Serialize + ?Sized)) -> Result<(), Failure> {
        let value = serde_json::to_value(value)?;
        self.0.state.borrow_mut().changes.flash.insert(key.to_owned(), value);
        Ok(())
    }

    /// Gives the session a new id and a new CSRF token. With the [`commit`](Self::commit), the old id is worth nothing.
    pub fn regenerate(&self) {
        self.0.state.borrow_mut().changes.secrets = Some((secret::<32>(), secret::<32>()));
    }

    /// Ends the session at once, as when a user signs out, also if the handler fails later. Other sockets and requests with its id have no
    /// session from then on.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn destroy(&self) -> Result<(), Failure> {
        let id = self.stored_id();
        let was_there = self.0.sessions.delete(&id).await?;
        self.0.state.borrow_mut().standing = if was_there { Standing::Destroyed } else { Standing::Missed };
        Ok(())
    }

    /// Whether the session was destroyed, or has ended before its last [`commit`](Self::commit).
    pub fn is_destroyed(&self) -> bool {
        self.standing() != Standing::Stored
    }

    /// Writes what has changed, so that the session has at most 65,536 bytes of JSON; without a change, that the session was used, if a tenth
    /// of its idle time has passed since that was written. Of the values, those are written that were set or removed: others may have
    /// been changed by another message meanwhile. Values of [`flash`](Self::flash) are then those of the next message. If the session was
    /// destroyed or regenerated meanwhile, nothing is written.
    ///
    /// What is written stays, also if the handler fails later.
    ///
    /// # Errors
    /// The session is too large (`SESSION_TOO_LARGE`), or the storage failed. What was stored stays.
    pub async fn commit(&self) -> Result<(), Failure> {
        let (id, changes) = {
            let state = self.0.state.borrow();
            let changes = Changes { read: state.row.flash.clone(), ..state.changes.clone() };
            if state.standing != Standing::Stored || (!state.is_due && changes == Changes::default()) {
                return Ok(());
            }
            (state.id.clone(), changes)
        };
        let is_there = self.0.sessions.update(&id, changes.clone()).await?;
        let mut state = self.0.state.borrow_mut();
        if !is_there {
            state.standing = Standing::Lost;
            return Ok(());
        }
        // What was changed while this waited is written by the next commit.
        if (Changes { read: Map::new(), ..changes.clone() }) == state.changes {
            state.changes = Changes::default();
        } else {
            state.changes.secrets.take_if(|secrets| changes.secrets.as_ref() == Some(secrets));
        }
        if let Some((id, csrf)) = changes.secrets {
            (state.id, state.row.csrf) = (id, csrf);
        }
        (state.row.flash, state.is_due) = (Map::new(), false);
        Ok(())
    }

    /// Forgets what has changed since the last commit.
    pub(super) fn discard(&self) {
        let mut state = self.0.state.borrow_mut();
        (state.changes, state.row.flash) = (Changes::default(), Map::new());
    }

    pub(super) fn sessions(&self) -> &Sessions {
        &self.0.sessions
    }

    pub(super) fn standing(&self) -> Standing {
        self.0.state.borrow().standing
    }

    /// Returns the id under which it is stored.
    pub(super) fn stored_id(&self) -> String {
        self.0.state.borrow().id.clone()
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without the id and the token, which are secrets.
        f.debug_struct("Session").field("standing", &self.0.state.borrow().standing).finish_non_exhaustive()
    }
}
