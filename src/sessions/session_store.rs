//! The sessions of an app, as handlers reach them.

use core::fmt;
use std::rc::Rc;

use super::options::SessionOptions;
use super::row::Changes;
use super::rows::Rows;
use super::shared::Shared;
use super::user_session::Session;
use crate::error::Failure;
use crate::extract::calls::{IoCall, WorkerHttp};
use crate::extract::{Extract, State};
use crate::id::{WorldName, secret};
use crate::outside::Outside;

/// The sessions of an app: an argument of any handler in an app that has [`App::with_sessions`](crate::App::with_sessions).
///
/// ```
/// use dormouse::extract::Json;
/// use dormouse::response::HttpResponse;
/// use dormouse::session::{SessionOptions, Sessions};
/// use dormouse::testing::TestWorld;
/// use dormouse::{App, Failure};
///
/// fn app() -> App {
///     App::new().with_sessions(SessionOptions::new()).namespace("/", |ns| ns).route("POST", "/login", login)
/// }
///
/// async fn login(sessions: Sessions, Json(name): Json<String>) -> Result<HttpResponse, Failure> {
///     let session = sessions.create().await?;
///     session.set_user_id(&name)?;
///     session.commit().await?;
///     Ok(session.set_cookies(HttpResponse::empty(204)))
/// }
///
/// let world = TestWorld::new(app);
/// let response = world.request("POST", "/login", r#""Anna""#);
/// assert_eq!(response.status, 204);
/// assert!(response.headers.iter().any(|(name, value)| name == "set-cookie" && value.starts_with("sessionID=")));
/// ```
#[derive(Clone)]
pub struct Sessions {
    pub(super) options: Rc<SessionOptions>,
    place: Place,
}

/// Where the rows are.
#[derive(Clone)]
enum Place {
    /// In the storage of the world whose handler asks.
    Here(Rows),
    /// In that of another world.
    Elsewhere(Shared, Outside),
}

impl<C: IoCall> Extract<C> for Sessions {
    type Claim = ();

    fn extract(call: &mut C) -> Result<Self, Failure> {
        let State(options) = State::<SessionOptions>::extract(call)?;
        let io = call.io();
        let place = match &options.shared {
            Some(shared) if !shared.is_in(&io.world()) => Place::Elsewhere(shared.clone(), io.outside()?),
            _ => Place::Here(Rows { io, options: Rc::clone(&options) }),
        };
        Ok(Self { options, place })
    }
}

/// Fails if the sessions are not [shared](SessionOptions::shared_in): a handler in the Worker is in no world.
impl Extract<WorkerHttp> for Sessions {
    type Claim = ();

    fn extract(call: &mut WorkerHttp) -> Result<Self, Failure> {
        let State(options) = State::<SessionOptions>::extract(call)?;
        let Some(shared) = options.shared.clone() else {
            return Err(Failure::internal("a handler in the Worker has no sessions: they are not `shared_in` a world"));
        };
        Ok(Self { options, place: Place::Elsewhere(shared, call.outside.clone()) })
    }
}

impl Sessions {
    /// Returns a new session without a user, which is stored.
    ///
    /// # Errors
    /// The storage failed, or there are 10,000 sessions with users in the world: `TOO_MANY_SESSIONS`.
    pub async fn create(&self) -> Result<Session, Failure> {
        let id = secret::<32>();
        let found = match &self.place {
            Place::Here(rows) => rows.create(&id)?,
            Place::Elsewhere(shared, outside) => shared.create(outside, &id).await?,
        };
        Ok(Session::new(self.clone(), id, found))
    }

    /// Returns the session with this id; `None` if there is none, or it has ended.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn read(&self, id: &str) -> Result<Option<Session>, Failure> {
        let found = match &self.place {
            Place::Here(rows) => rows.read(id)?,
            Place::Elsewhere(shared, outside) => shared.read(outside, id).await?,
        };
        Ok(found.map(|found| Session::new(self.clone(), id.to_owned(), found)))
    }

    pub(super) async fn update(&self, id: &str, changes: Changes) -> Result<bool, Failure> {
        match &self.place {
            Place::Here(rows) => rows.update(id, changes),
            Place::Elsewhere(shared, outside) => shared.update(outside, id, changes).await,
        }
    }

    pub(super) async fn delete(&self, id: &str) -> Result<bool, Failure> {
        match &self.place {
            Place::Here(rows) => rows.delete(id),
            Place::Elsewhere(shared, outside) => shared.delete(outside, id).await,
        }
    }

    /// Returns the name of a cookie. A browser has the cookies of all worlds of an address: where each world has its own sessions, each has
    /// its own names. All of a world's URLs must get them, which have no path in common: so the name tells the worlds apart, and not
    /// the path.
    pub(super) fn cookie_name(&self, name: &str) -> String {
        match &self.place {
            Place::Here(rows) if self.options.shared.is_none() && rows.io.world() != WorldName::default() => {
                [name, "-", rows.io.world().as_str()].concat()
            }
            _ => name.to_owned(),
        }
    }
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sessions").field("options", &self.options).finish_non_exhaustive()
    }
}
