//! The tokens of clients that are connected.

use std::rc::Rc;

use serde_json::{Map, Value};

use super::bearer::verified;
use super::claims::Claims;
use super::keys::Keys;
use crate::core::input::{Command, TOKEN_EXPIRY};
use crate::error::{AckError, AckFailure, Failure};
use crate::extract::AckResult;
use crate::handles::Socket;
use crate::limits::MAX_AUTH_BYTES;
use crate::time::Timestamp;

/// The name under which [`expire`] is registered as a handler of acknowledgements.
pub(crate) const EXPIRY_HANDLER: &str = TOKEN_EXPIRY;

/// A guard that lets only clients with a valid token join. [`Routes::jwt`](crate::routing::Routes::jwt) registers it, and closes the
/// connection when the token expires; by itself, in `guard(jwt::required::<Player>)`, it does not.
///
/// # Errors
/// There is no valid token: the code is `INVALID_TOKEN`.
pub async fn required<T: Claims>(socket: Socket) -> Result<(), Failure> {
    verified::<T>(&socket).map(drop)
}

/// Takes a newer token of a client that is connected, in a namespace with [`Routes::jwt`](crate::routing::Routes::jwt): its
/// connection stays until this one expires, and [`Jwt<T>`](super::Jwt) and `auth.token` are the new ones. Returns the claims.
///
/// `accept` decides whether the claims are those of the same client: its rooms and data stay.
///
/// ```
/// use dormouse::jwt::{self, Jwt};
/// use dormouse::{Data, Failure, Socket};
///
/// #[derive(serde::Deserialize)]
/// struct Player { sub: String }
///
/// impl jwt::Claims for Player {}
///
/// async fn refresh(socket: Socket, Jwt(old): Jwt<Player>, Data(token): Data<String>) -> Result<(), Failure> {
///     jwt::renew(&socket, &token, |new: &Player| new.sub == old.sub)?;
///     Ok(())
/// }
/// # dormouse::App::new().namespace("/", |ns| ns.jwt::<Player>().on("refresh", refresh));
/// ```
///
/// # Errors
/// The token is not valid or not accepted, and the earlier one stays: the code is `INVALID_TOKEN`. The auth object would have more than
/// 16,384 bytes, or the world keeps as much of its clients as it may. If the client's auth objects would have more than 65,536 bytes
/// together, its connection is closed.
pub fn renew<T: Claims>(socket: &Socket, token: &str, accept: impl FnOnce(&T) -> bool) -> Result<T, Failure> {
    let io = socket.io();
    let verified = Keys::of::<T>(&io)?.verify::<T>(token, io.now())?;
    if !accept(&verified.claims) {
        return Err(Failure::new("INVALID_TOKEN", "the token is of somebody else"));
    }
    keep(socket, token, verified.expires)?;
    Ok(verified.claims)
}

// What is not generic is in the wasm once.
fn keep(socket: &Socket, token: &str, expires: Option<Timestamp>) -> Result<(), Failure> {
    let Some(handshake) = socket.handshake() else { return Ok(()) };
    let mut auth: Map<String, Value> = handshake.auth().unwrap_or_default();
    auth.insert("token".to_owned(), token.into());
    let auth = serde_json::to_string(&auth)?;
    if auth.len() > MAX_AUTH_BYTES {
        let problem = format!("the auth object has {} bytes, and may have {MAX_AUTH_BYTES}", auth.len());
        return Err(Failure::new("AUTH_TOO_LONG", problem));
    }
    set_token(socket, Some(auth.into()), expires);
    Ok(())
}

/// Sets when the connection of a socket is closed that has joined.
pub(crate) async fn watch<T: Claims>(socket: Socket) {
    match verified::<T>(&socket) {
        Ok(token) => set_token(&socket, None, token.expires),
        // It has expired since the guard was called.
        Err(_) => socket.disconnect(true),
    }
}

/// Closes the connection of a socket whose token has expired. A client that acknowledges what nobody asked it for may have meant
/// this: its connection is closed, too.
pub(crate) async fn expire(socket: Socket, AckResult(ack): AckResult<()>) {
    if !matches!(ack, Err(AckError::Failed(AckFailure::Disconnected))) {
        socket.disconnect(true);
    }
}

fn set_token(socket: &Socket, auth: Option<Rc<str>>, expires: Option<Timestamp>) {
    if auth.is_some() || expires.is_some() {
        socket.world.perform(Command::SetToken { socket: socket.id(), auth, expires });
    }
}
