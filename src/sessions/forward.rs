//! Sessions of HTTP requests on connections.

use subtle::ConstantTimeEq;

use super::session_refusal::Refusal;
use super::session_store::Sessions;
use super::socket_links::set_link;
use crate::controllers::Context;
use crate::error::Failure;
use crate::handles::Handshake;

/// What a client is told whose header `authorization` has another scheme.
pub(super) const NO_BEARER: &str = r#"Invalid authorization header. The scheme should be "Bearer"."#;

/// Where the request that opens a connection has the session's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenSource {
    /// In the session's cookie. The client must also send the session's CSRF token: as `auth.csrfToken`, the query's `_csrf`, or a header
    /// `x-csrf-token` or `x-xsrf-token`. A page of another site can open a WebSocket with the user's cookies, but does not know it. The
    /// app must keep the cookie header: `engine.keep_headers(["cookie"])`.
    Cookie,
    /// In a header `authorization: Bearer …`, or as `auth.token`, which a page can send as well. No other site can send it, so that no
    /// CSRF token is needed. To read the header, the app must keep it: `engine.keep_headers(["authorization"])`.
    Bearer,
}

/// Gives a socket that connects the session of its user's HTTP requests, if there is one; call it in a handler of
/// [`Controller::on_connection`](crate::controller::Controller::on_connection). Without a token, the socket has no session yet.
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
/// the header is not a bearer's; 401 `invalid_token`, if the session has ended; 403, if the CSRF token is missing or another one. Also,
/// the storage failed.
pub async fn forward_http_session(context: &Context, sessions: &Sessions, source: TokenSource) -> Result<(), Failure> {
    let socket = context.socket();
    let Some(handshake) = socket.handshake() else { return Ok(()) };
    let Some(id) = token(&handshake, sessions, source)? else { return Ok(()) };
    let Some(session) = sessions.read(&id).await? else { return Err(Refusal::EXPIRED.to_failure()) };
    if source == TokenSource::Cookie {
        let sent = csrf_token(&handshake).unwrap_or_default();
        if !bool::from(sent.as_bytes().ct_eq(session.csrf_token().as_bytes())) {
            return Err(Refusal::Forged.to_failure());
        }
    }
    set_link(socket, Some(&id))?;
    context.set_session(session);
    Ok(())
}

/// Returns the session's id that a request has.
fn token(handshake: &Handshake, sessions: &Sessions, source: TokenSource) -> Result<Option<String>, Failure> {
    if source == TokenSource::Cookie {
        return Ok(handshake.cookie(&sessions.options.cookie).filter(|id| !id.is_empty()));
    }
    match handshake.header("authorization") {
        Some(header) => match header.split_once(' ') {
            Some((scheme, id)) if scheme.eq_ignore_ascii_case("bearer") => Ok(Some(id.trim().to_owned())),
            _ => Err(Refusal::Missing(NO_BEARER).to_failure()),
        },
        None => Ok(auth(handshake, "token")),
    }
}

fn csrf_token(handshake: &Handshake) -> Option<String> {
    let header = || handshake.header("x-csrf-token").or_else(|| handshake.header("x-xsrf-token")).map(str::to_owned);
    auth(handshake, "csrfToken").or_else(|| handshake.query_param("_csrf")).or_else(header)
}

/// Returns a text of the auth object.
fn auth(handshake: &Handshake, key: &str) -> Option<String> {
    let auth: serde_json::Value = handshake.auth().ok()?;
    auth.get(key)?.as_str().map(str::to_owned)
}
