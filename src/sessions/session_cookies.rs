//! Sessions in HTTP requests of the app's routes: cookies, bearer tokens, and CSRF tokens.

use core::time::Duration;

use cookie::{Cookie, SameSite};

use super::forward::TokenSource;
use super::session_refusal::Refusal;
use super::session_store::Sessions;
use super::user_session::{Session, Standing};
use crate::http::{HttpRequest, HttpResponse};
use crate::routing::RouteError;

impl Sessions {
    /// Returns the session of an HTTP request; `None` if the request has no token. By [`TokenSource::Cookie`], a request of a method
    /// other than `GET`, `HEAD` and `OPTIONS` must send the CSRF token as well, in the header `x-csrf-token` or `x-xsrf-token`, or as `_csrf` in
    /// the query.
    ///
    /// # Errors
    /// A response for the client: 400, if the header `authorization` is not a bearer's; 401, if the session has ended; 403, if the CSRF
    /// token is missing or another one. A failure, if the storage failed.
    pub async fn of_request(&self, request: &HttpRequest, source: TokenSource) -> Result<Option<Session>, RouteError> {
        let Some(id) = self.sent_id(request, source).map_err(Refusal::to_http)? else { return Ok(None) };
        let Some(session) = self.read(&id).await? else { return Err(Refusal::EXPIRED.to_http().into()) };
        let is_safe = matches!(&*request.method, "GET" | "HEAD" | "OPTIONS");
        if source == TokenSource::Cookie && !is_safe && !session.has_csrf_token(request) {
            return Err(Refusal::Forged.to_http().into());
        }
        Ok(Some(session))
    }
}

impl Session {
    /// Adds the cookies of the session to a response: its id, which no script can read, and the CSRF token, which the page's own can.
    /// They last as long as a session may in all, because a WebSocket that uses it cannot renew them. Those of a session that was destroyed
    /// are removed. If each world has its own sessions, the names end with `-` and the world's name, except for the default
    /// world's; the path is `/`, because a page at any path may connect to any world.
    pub fn set_cookies(&self, response: HttpResponse) -> HttpResponse {
        let options = &self.sessions().options;
        let (id, csrf, lasts) = match self.standing() {
            Standing::Stored => (self.id().to_string(), self.csrf_token(), options.absolute),
            Standing::Destroyed | Standing::Missed => (String::new(), String::new(), Duration::ZERO),
            // The browser may have newer ones.
            Standing::Lost => return response,
        };
        let write = |name: &str, value: String, is_hidden: bool| {
            let cookie = Cookie::build((self.sessions().cookie_name(name), value)).path("/").same_site(SameSite::Lax);
            let cookie = cookie.http_only(is_hidden).secure(options.is_secure);
            format!("{cookie}; Max-Age={}", lasts.as_secs())
        };
        let response = response.with_header("set-cookie", write(&options.cookie, id, true));
        response.with_header("set-cookie", write(&options.csrf_cookie, csrf, false))
    }
}
