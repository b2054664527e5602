//! Namespaces whose clients have a JSON Web Token.

use super::routes::Routes;
use crate::jwt::{Claims, EXPIRY_HANDLER, expire, required, watch};

impl Routes {
    /// Lets only clients with a valid token join, and closes the connection of a client whose token expires, also if the world
    /// hibernates meanwhile. It is a [`guard`](Self::guard): see [`required`].
    ///
    /// A client sends its token as `auth.token` with CONNECT, as `?token=` in the URL, or in the header `Authorization: Bearer …`, if
    /// [`keep_headers`](super::EngineRoutes::keep_headers) names it. A client without a valid one gets a `CONNECT_ERROR` with
    /// `err.data.code` `INVALID_TOKEN`. [`Jwt<T>`](crate::jwt::Jwt) has the claims in the handlers, and
    /// [`renew`](crate::jwt::renew) takes a newer token of a client that is connected.
    ///
    /// # Panics
    /// At start-up, with the caller's line, if it is called twice.
    #[must_use]
    #[track_caller]
    pub fn jwt<T: Claims>(self) -> Self {
        self.guard(required::<T>).on_connect(watch::<T>).on_ack(EXPIRY_HANDLER, expire)
    }
}
