//! The hooks of controllers that use sessions.

use core::fmt;
use std::rc::Rc;

use futures::future::LocalBoxFuture;
use serde::de::DeserializeOwned;

use super::session_refusal::Refusal;
use super::session_store::Sessions;
use super::user_session::{Session, Standing};
use crate::controllers::calls::{ContextCall as _, Erring, Hooked, Joining, Message};
use crate::controllers::{Context, ErrorResponse, Flow, Hook, IntoHook, Reply};
use crate::error::Failure;
use crate::extract::Extract;
use crate::handles::Io;

/// The key of no session: its socket is told so at the next message.
const ENDED: &str = "";

/// Returns the hook that gives each message its session, as the argument [`Session`] or `ctx.session()`. The session is the socket's own,
/// over all of its messages, and survives sleep. A socket without one gets one, unless [`missing`](UseSessions::missing) says otherwise.
///
/// When the message was handled, what has changed in the session is committed. If a hook or the handler has failed, it is dropped, as what they
/// have written is undone; what they have [committed](Session::commit) themselves stays, and so does a logout. Several messages of
/// one session may be handled at a time: each writes only the values that it has set, and none writes to a session that was
/// destroyed or regenerated meanwhile.
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
    UseSessions { missing: Missing::Create, user: None }
}

/// What [`use_sessions`] does.
#[derive(Clone)]
#[must_use = "it is a hook, for `Controller::hook`"]
pub struct UseSessions {
    missing: Missing,
    user: Option<FindUser>,
}

/// What becomes of a message of a socket without a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// The socket gets a new session.
    Create,
    /// The message is handled without one.
    Allow,
    /// The message is refused: `invalid_request`.
    Refuse,
}

/// Finds the user of a session, and sets it in the context; returns whether there is one.
type FindUser = Rc<dyn Fn(Session, Context) -> LocalBoxFuture<'static, Result<bool, Failure>>>;

impl UseSessions {
    /// Sets what becomes of a message of a socket without a session: by default, [`Missing::Create`].
    pub const fn missing(mut self, missing: Missing) -> Self {
        self.missing = missing;
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
        // Whatever waits here may find that another message of the socket was faster.
        let session = loop {
            match socket.user_session() {
                Some(id) => {
                    if let Some(session) = sessions.read(&id).await? {
                        break session;
                    }
                    if socket.replace_user_session(Some(&id), None) {
                        return refuse(Refusal::EXPIRED);
                    }
                }
                None if self.missing == Missing::Create => {
                    let session = sessions.create().await?;
                    if socket.replace_user_session(None, Some(&session.id())) {
                        break session;
                    }
                    session.destroy().await?;
                }
                None if self.missing == Missing::Refuse => {
                    return refuse(Refusal::Missing("The socket has no session."));
                }
                None => return Ok(Flow::Next),
            }
        };
        if let Some(find) = &self.user
            && !find(session.clone(), context.clone()).await?
        {
            session.destroy().await?;
            socket.replace_user_session(Some(&session.stored_id()), None);
            return refuse(Refusal::UNKNOWN_USER);
        }
        context.set_session(session.clone());
        let began = session.stored_id();
        Ok(Flow::after(async move |_: Reply| keep(&context, &session, &began).await))
    }
}

/// Writes what has become of the session that a message began with, unless it failed; the socket gets another one only if it still has this
/// one.
pub(super) async fn keep(context: &Context, session: &Session, began: &str) -> Result<(), Failure> {
    if context.has_failed() {
        session.discard();
    }
    session.commit().await?;
    let (socket, sessions) = (context.socket(), session.sessions());
    match session.standing() {
        Standing::Stored => {
            let id = session.stored_id();
            // While another world wrote the new id, another message may have found that nothing has the old one.
            if !socket.replace_user_session(Some(began), Some(&id))
                && id != began
                && !socket.replace_user_session(None, Some(&id))
            {
                sessions.delete(&id).await?;
            }
        }
        Standing::Lost => {}
        Standing::Destroyed => drop(socket.replace_user_session(Some(began), None)),
        // If another message gives it a new id, who logs out means that one, too. The socket may not have it yet.
        Standing::Missed => {
            if !socket.replace_user_session(Some(began), Some(ENDED))
                && let Some(other) = socket.user_session()
            {
                sessions.delete(&other).await?;
                socket.replace_user_session(Some(&other), None);
            }
        }
    }
    Ok(())
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

/// The session of a message, which the hook [`use_sessions`] has found or created, and of a client that connects, which
/// [`forward_http_session`](super::forward_http_session) has found; `Option<Session>` where there may be none.
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

session_of!(Message, Hooked, Joining, Erring);

fn no_session() -> Failure {
    Failure::internal("there is no session: no hook `use_sessions` has found or created one")
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
        f.debug_struct("UseSessions").field("missing", &self.missing).finish_non_exhaustive()
    }
}
