//! The handle of a session.

use core::cell::RefCell;
use core::fmt;
use std::rc::Rc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::row::Row;
use super::session_store::Sessions;
use crate::error::Failure;
use crate::id::secret;
use crate::limits::SESSION_TOUCH_SHARE;
use crate::time::Timestamp;

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
    id: Rc<str>,
    row: Row,
    /// The values for the next message only that were set now.
    next_flash: Map<String, Value>,
    standing: Standing,
}

/// What of a session is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    New,
    Stored,
    Changed,
    Destroyed,
}

impl Session {
    pub(super) fn new(sessions: Sessions, id: String, row: Row) -> Self {
        Self::with(sessions, id, row, Standing::New)
    }

    /// Returns a session that was read `at` this time.
    pub(super) fn stored(sessions: Sessions, id: String, row: Row, at: Timestamp) -> Self {
        let is_due = at.since(row.used) >= sessions.options.idle / SESSION_TOUCH_SHARE;
        Self::with(sessions, id, row, if is_due { Standing::Changed } else { Standing::Stored })
    }

    fn with(sessions: Sessions, id: String, row: Row, standing: Standing) -> Self {
        let state = State { id: id.into(), row, next_flash: Map::new(), standing };
        Self(Rc::new(Inner { sessions, state: RefCell::new(state) }))
    }

    /// Returns the id, which is a secret between the server and the user: 43 characters of base64url, of 256 random bits.
    pub fn id(&self) -> Rc<str> {
        Rc::clone(&self.0.state.borrow().id)
    }

    /// Returns the CSRF token, 256 random bits as well: a page that signs in by a cookie must send it back, see
    /// [`forward_http_session`](super::forward_http_session).
    pub fn csrf_token(&self) -> String {
        self.0.state.borrow().row.csrf.clone()
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
        self.change(|state| state.row.user = Some(id));
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
        self.change(|state| drop(state.row.content.insert(key.to_owned(), value)));
        Ok(())
    }

    /// Removes a value of the app.
    pub fn remove(&self, key: &str) {
        self.change(|state| drop(state.row.content.remove(key)));
    }

    /// Sets a value that [`get`](Self::get) returns at the next message or request, and not after that.
    ///
    /// # Errors
    /// The value cannot be written as JSON.
    pub fn flash(&self, key: &str, value: &(impl Serialize + ?Sized)) -> Result<(), Failure> {
        let value = serde_json::to_value(value)?;
        self.change(|state| drop(state.next_flash.insert(key.to_owned(), value)));
        Ok(())
    }

    /// Gives the session a new id and a new CSRF token, and makes the old id worth nothing.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn regenerate(&self) -> Result<(), Failure> {
        let standing = self.0.state.borrow().standing;
        match standing {
            Standing::Destroyed => return Ok(()),
            Standing::New => {}
            Standing::Stored | Standing::Changed => self.0.sessions.delete(&self.id()).await?,
        }
        let mut state = self.0.state.borrow_mut();
        state.id = secret::<32>().into();
        state.row.csrf = secret::<32>();
        state.standing = Standing::New;
        Ok(())
    }

    /// Ends the session, as when a user signs out. Other sockets and requests with its id have no session from then on.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn destroy(&self) -> Result<(), Failure> {
        self.0.sessions.delete(&self.id()).await?;
        self.0.state.borrow_mut().standing = Standing::Destroyed;
        Ok(())
    }

    /// Whether the session was destroyed.
    pub fn is_destroyed(&self) -> bool {
        self.0.state.borrow().standing == Standing::Destroyed
    }

    /// Writes what has changed, at most 65,536 bytes of JSON; without a change, that the session was used, if a tenth of its idle time
    /// has passed since that was written. Values of [`flash`](Self::flash) are then those of the next message.
    ///
    /// # Errors
    /// The session is too large (`SESSION_TOO_LARGE`), or the storage failed. What was stored stays.
    pub async fn commit(&self) -> Result<(), Failure> {
        let (id, row, standing) = {
            let state = self.0.state.borrow();
            let is_read = !state.row.flash.is_empty();
            match state.standing {
                Standing::Destroyed => return Ok(()),
                Standing::Stored if !is_read => return Ok(()),
                _ => {}
            }
            let row = Row { flash: state.next_flash.clone(), ..state.row.clone() };
            (Rc::clone(&state.id), row, state.standing)
        };
        self.0.sessions.write(&id, &row, standing == Standing::New).await?;
        let mut state = self.0.state.borrow_mut();
        state.next_flash.clear();
        (state.row, state.standing) = (row, Standing::Stored);
        Ok(())
    }

    pub(super) fn sessions(&self) -> &Sessions {
        &self.0.sessions
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.0.state.borrow_mut();
        change(&mut state);
        if state.standing == Standing::Stored {
            state.standing = Standing::Changed;
        }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without the id and the token, which are secrets.
        f.debug_struct("Session").field("standing", &self.0.state.borrow().standing).finish_non_exhaustive()
    }
}
