//! The hooks of controllers that use sessions.

use core::fmt;
use std::rc::Rc;

use futures::future::LocalBoxFuture;
use serde::de::DeserializeOwned;

use super::session_refusal::Refusal;
use super::session_store::Sessions;
use super::socket_links::{link_of, set_link};
use super::user_session::Session;
use crate::controllers::calls::{ContextCall as _, Hooked, Message};
use crate::controllers::{Context, ErrorResponse, Flow, Hook, IntoHook, Reply};
use crate::error::Failure;
use crate::extract::Extract;
use crate::handles::Io;

/// Returns the hook that gives each message its session, as the argument [`Session`] or `ctx.session()`. The session is the socket's own, over all of its messages,
/// and survives sleep. Without one, it is created, unless [`create(false)`](UseSessions::create). When the message was handled, what has
/// changed in it is committed.
///
/// ```
/// use dormouse::controller::{Controller, Response};
/// use dormouse::session::{Session, SessionOptions, use_sessions};
/// use dormouse::testing::TestWorld;
/// use dormouse::{App, Failure};
/// use serde_json::{Value, json};
///
/// fn app() -> App {
///     let web = Controller::new().hook(use_sessions()).on("visit", visit);
///     App::new().with_sessions(SessionOptions::new()).namespace("/", |ns| ns.controller(web))
/// }
///
/// async fn visit(session: Session) -> Result<Response<u32>, Failure> {
///     let visits = session.get::<u32>("visits")?.unwrap_or_default() + 1;
///     session.set("visits", &visits)?;
///     Ok(Response(visits))
/// }
///
/// let world = TestWorld::new(app);
/// let anna = world.connect("/");
/// let visit = || anna.emit_with_ack("visit", ()).args().expect("an acknowledgement").parse::<Value>();
/// assert_eq!(visit()?, json!({ "status": "ok", "data": 1 }));
/// world.sleep();
/// assert_eq!(visit()?, json!({ "status": "ok", "data": 2 }));
/// # Ok::<(), dormouse::error::DecodeError>(())
/// ```
pub fn use_sessions() -> UseSessions {
    UseSessions { creates: true, is_required: false, user: None }
}

/// What [`use_sessions`] does.
#[derive(Clone)]
#[must_use = "it is a hook, for `Controller::hook`"]
pub struct UseSessions {
    creates: bool,
    is_required: bool,
    user: Option<FindUser>,
}

/// Finds the user of a session, and sets it in the context; returns whether there is one.
type FindUser = Rc<dyn Fn(Session, Context) -> LocalBoxFuture<'static, Result<bool, Failure>>>;

impl UseSessions {
    /// Sets whether a socket without a session gets one: true by default.
    pub const fn create(mut self, creates: bool) -> Self {
        self.creates = creates;
        self
    }

    /// Refuses messages of sockets without a session: `invalid_request`. Useful with `create(false)`.
    pub const fn required(mut self) -> Self {
        self.is_required = true;
        self
    }

    /// Finds the user of a session that has one, by its id: it is then `ctx.user()`. If there is none any more, the session is destroyed,
    /// and the message is refused: `invalid_token`.
    pub fn user<I, U, F>(mut self, find: F) -> Self
    where
        I: DeserializeOwned + 'static,
        U: 'static,
        F: AsyncFn(I, Io) -> Result<Option<U>, Failure> + 'static,
    {
        let find = Rc::new(find);
        self.user = Some(Rc::new(move |session, context| {
            let find = Rc::clone(&find);
            Box::pin(async move {
                let Some(id) = session.user_id::<I>()? else { return Ok(true) };
                let user = find(id, context.socket().io()).await?;
                let is_there = user.is_some();
                if let Some(user) = user {
                    context.set_user(user);
                }
                Ok(is_there)
            })
        }));
        self
    }

    async fn call(self, context: Context, sessions: Sessions) -> Result<Flow, Failure> {
        let refuse = |refusal: Refusal| {
            let ErrorResponse(error) = refusal.to_response();
            Ok(Flow::Respond(Reply::error(&error)?))
        };
        let socket = context.socket();
        let session = match link_of(socket)? {
            Some(id) => {
                let Some(session) = sessions.read(&id).await? else {
                    set_link(socket, None)?;
                    return refuse(Refusal::EXPIRED);
                };
                session
            }
            None if self.creates => sessions.create().await?,
            None if self.is_required => return refuse(Refusal::Missing("The socket has no session.")),
            None => return Ok(Flow::Next),
        };
        if let Some(find) = &self.user
            && !find(session.clone(), context.clone()).await?
        {
            session.destroy().await?;
            set_link(socket, None)?;
            return refuse(Refusal::UNKNOWN_USER);
        }
        context.set_session(session.clone());
        Ok(Flow::after(async move |_: Reply| keep(&context, &session).await))
    }
}

/// Writes what has become of a message's session.
async fn keep(context: &Context, session: &Session) -> Result<(), Failure> {
    let socket = context.socket();
    if session.is_destroyed() {
        return set_link(socket, None);
    }
    session.commit().await?;
    let id = session.id();
    if link_of(socket)?.as_deref() == Some(&*id) { Ok(()) } else { set_link(socket, Some(&id)) }
}

/// A hook that refuses messages of sockets whose session has no user, as an HTTP guard would with 401. It comes behind [`use_sessions`]
/// with [`user`](UseSessions::user), or a hook that calls [`Context::set_user`].
///
/// ```
/// use dormouse::controller::Controller;
/// use dormouse::session::{use_sessions, user_required};
/// use dormouse::{Failure, Io};
///
/// async fn find(name: String, io: Io) -> Result<Option<u64>, Failure> {
///     io.storage().get(&format!("users/{name}"))
/// }
///
/// let _ = Controller::new().hook(use_sessions().user(find)).hook(user_required).on("read products", async || {});
/// ```
///
/// # Errors
/// There is no user.
pub async fn user_required(context: Context) -> Result<(), ErrorResponse<serde_json::Value>> {
    if context.has_user() { Ok(()) } else { Err(Refusal::NoUser.to_response()) }
}

impl IntoHook<()> for UseSessions {
    fn into_hook(self) -> Hook {
        Hook::new(move |context: Context, sessions: Sessions| self.clone().call(context, sessions))
    }
}

/// The session of a message, which the hook [`use_sessions`] has found or created; `Option<Session>` where there may be none.
macro_rules! session_of {
    ($($call:ident),*) => {$(
        impl Extract<$call> for Session {
            type Claim = ();

            fn extract(call: &mut $call) -> Result<Self, Failure> {
                call.context().session().ok_or_else(no_session)
            }
        }
    )*};
}

session_of!(Message, Hooked);

fn no_session() -> Failure {
    Failure::internal("the message has no session: no hook `use_sessions` has found or created one")
}

impl Context {
    /// Returns the session, if the hook [`use_sessions`] has found or created one.
    pub fn session(&self) -> Option<Session> {
        self.state::<Session>().map(|session| Session::clone(&session))
    }

    pub(super) fn set_session(&self, session: Session) {
        self.set_state(session);
    }
}

impl fmt::Debug for UseSessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UseSessions").field("creates", &self.creates).finish_non_exhaustive()
    }
}
