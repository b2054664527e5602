//! Who bids, and how they sign in.

use core::time::Duration;

use dormouse::jwt::{Claims, Keys};
use dormouse::response::HttpResponse;
use dormouse::validation::Valid;
use dormouse::{Env, Failure, Socket};
use garde::Validate;
use serde::{Deserialize, Serialize};

/// When a token expires, its connection is closed, and its bidder signs in again.
const LOGIN_LASTS: Duration = Duration::from_hours(8);

/// What a token says of its client, and what a client says to get one.
#[derive(Deserialize, Serialize, Validate)]
pub(crate) struct Bidder {
    #[garde(length(chars, min = 1, max = 24), alphanumeric)]
    pub(crate) name: String,
}

impl Claims for Bidder {}

/// Handles `POST /login` in the Worker, before any world is woken. A real house asks for a password, too, or asks another server.
pub(crate) async fn login(env: Env, Valid(bidder): Valid<Bidder>) -> Result<HttpResponse, Failure> {
    let token = Keys::of::<Bidder>(&env)?.sign(&bidder, env.now(), LOGIN_LASTS)?;
    Ok(HttpResponse::json(200, &token))
}

/// Returns the name that `room::arrive` has stored with a socket. Several tabs of a bidder have the same.
pub(crate) fn name_of(socket: &Socket) -> String {
    socket.data().unwrap_or_default()
}
