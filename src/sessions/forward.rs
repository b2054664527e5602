//! Sessions of HTTP requests on connections.

use super::hooks::keep;
use super::session_refusal::Refusal;
use super::session_store::Sessions;
use crate::controllers::Context;
use crate::error::Failure;

/// Where the request that opens a connection has the session's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenSource {
    /// In the session's cookie. The client must also send the session's CSRF token: as `auth.csrfToken` when it connects, the query's `_csrf`,
    /// or a header `x-csrf-token` or `x-xsrf-token`. A page of another site can open a WebSocket with the user's cookies, but does not know it. The
    /// app must keep the cookie header: `engine.keep_headers(["cookie"])`.
    Cookie,
    /// In a header `authorization: Bearer …`, or as `auth.token`, which a page can send as well: [`auth_key`](super::SessionOptions::auth_key) chooses another
    /// key. No other site can send it, so that no CSRF token is needed. To read the header, the app must keep it: `engine.keep_headers(["authorization"])`.
    Bearer,
}

/// Gives a socket that connects the session of its user's HTTP requests, if there is one; call it in a handler of
/// [`Controller::on_connection`](crate::controller::Controller::on_connection). Without a token, the socket has no session yet.
/// What the handler changes in `ctx.session()` is committed when it has accepted the client.
///
/// ```
/// use dormouse::controller::{Context, Controller};
/// use dormouse::session::{Sessions, TokenSource, forward_http_session};
/// use dormouse::Failure;
///
/// async fn sign_in(ctx: Context, sessions: Sessions) -> Result<(), Failure> {
///     forward_http_session(&ctx, &sessions, TokenSource::Cookie).await
/// }
///
/// let _ = Controller::new().on_connection(sign_in);
/// ```
///
/// # Errors
/// The client is refused, and `err.data` is as a refused request would be: `{statusCode, statusMessage, body}`. 400 `invalid_request`, if
/// the header is not a bearer's; 401 `invalid_token`, if the session of a bearer token has ended; 403, if the CSRF token is missing or another
/// one. Also, the storage failed. A cookie whose session has ended is none: browsers send it by themselves, and no script can
/// remove it.
pub async fn forward_http_session(context: &Context, sessions: &Sessions, source: TokenSource) -> Result<(), Failure> {
    let socket = context.socket();
    let Some(handshake) = socket.handshake() else { return Ok(()) };
    let id = sessions.sent_id(&handshake, source).map_err(Refusal::to_failure)?;
    let Some(id) = id else { return Ok(()) };
    let Some(session) = sessions.read(&id).await? else {
        return if source == TokenSource::Cookie { Ok(()) } else { Err(Refusal::EXPIRED.to_failure()) };
    };
    if source == TokenSource::Cookie && !session.has_csrf_token(&handshake) {
        return Err(Refusal::Forged.to_failure());
    }
    socket.replace_user_session(socket.user_session().as_deref(), Some(&id));
    context.set_session(session.clone());
    let at_end = context.clone();
    context.at_end(async move { keep(&at_end, &session, &id).await });
    Ok(())
}
