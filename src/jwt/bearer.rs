//! The extractor of the claims.

use super::claims::{Claims, Token};
use super::jwt_error::JwtError;
use super::keys::Keys;
use crate::error::Failure;
use crate::extract::Extract;
use crate::extract::calls::{Http, IoCall, SocketCall, WorkerCall, WorkerHttp};
use crate::handles::{Handshake, Socket};
use crate::outside::Env;

/// The claims of a client's token, which is verified at each call.
///
/// In handlers of sockets, it is the token in `auth.token`, or else in `?token=`, or else in the header `Authorization: Bearer …` of
/// the request that opened the connection, if [`keep_headers`](crate::routing::EngineRoutes::keep_headers) names it; after
/// [`renew`](super::renew), the newest one. In handlers of HTTP requests, it is the one in `Authorization: Bearer …`. Cookies are not
/// read: other pages can make a browser send them.
///
/// If there is no valid token, the handler is not called, and the error has the code `INVALID_TOKEN`; an HTTP request gets a 401.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Jwt<T>(pub T);

impl<C: SocketCall, T: Claims> Extract<C> for Jwt<T> {
    type Claim = ();

    fn extract(call: &mut C) -> Result<Self, Failure> {
        verified(call.socket()).map(|token| Self(token.claims))
    }
}

impl<T: Claims> Extract<Http> for Jwt<T> {
    type Claim = ();

    fn extract(call: &mut Http) -> Result<Self, Failure> {
        let io = call.io();
        let token = call.request.header("authorization").and_then(bearer).ok_or(JwtError::Missing)?;
        Ok(Self(Keys::of::<T>(&io)?.verify(token, io.now())?.claims))
    }
}

impl<T: Claims> Extract<WorkerHttp> for Jwt<T> {
    type Claim = ();

    fn extract(call: &mut WorkerHttp) -> Result<Self, Failure> {
        let env = Env::new(call.outside().clone());
        let token = call.request.header("authorization").and_then(bearer).ok_or(JwtError::Missing)?;
        Ok(Self(Keys::of::<T>(&env)?.verify(token, env.now())?.claims))
    }
}

/// Returns the verified token of a socket.
pub(super) fn verified<T: Claims>(socket: &Socket) -> Result<Token<T>, Failure> {
    let token = socket.handshake().and_then(|handshake| token_of(&handshake)).ok_or(JwtError::Missing)?;
    let io = socket.io();
    Ok(Keys::of::<T>(&io)?.verify(&token, io.now())?)
}

fn token_of(handshake: &Handshake) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Auth {
        token: Option<String>,
    }

    let in_auth = handshake.auth().ok().and_then(|Auth { token }| token);
    let in_query = || handshake.query_param("token");
    let in_header = || handshake.header("authorization").and_then(bearer).map(str::to_owned);
    in_auth.or_else(in_query).or_else(in_header)
}

/// Returns the token of a header `Authorization`.
fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim_start())
}
