//! Sessions in HTTP requests of the app's routes: cookies, bearer tokens, and CSRF tokens.

use core::time::Duration;

use cookie::{Cookie, SameSite};
use subtle::ConstantTimeEq;

use super::forward::TokenSource;
use super::session_refusal::Refusal;
use super::session_store::Sessions;
use super::user_session::Session;
use crate::http::{HttpRequest, HttpResponse, cookie_of};
use crate::routing::RouteError;

impl Sessions {
    /// Returns the session of an HTTP request; `None` if the request has no token. By [`TokenSource::Cookie`], a request of a method
    /// other than `GET`, `HEAD` and `OPTIONS` must send the CSRF token as well, in the header `x-csrf-token` or `x-xsrf-token`.
    ///
    /// # Errors
    /// A response for the client: 400, if the header `authorization` is not a bearer's; 401, if the session has ended; 403, if the CSRF
    /// token is missing or another one. A failure, if the storage failed.
    pub async fn of_request(&self, request: &HttpRequest, source: TokenSource) -> Result<Option<Session>, RouteError> {
        let Some(id) = self.token_of(request, source)? else { return Ok(None) };
        let Some(session) = self.read(&id).await? else { return Err(Refusal::EXPIRED.to_http().into()) };
        let is_safe = matches!(&*request.method, "GET" | "HEAD" | "OPTIONS");
        if source == TokenSource::Cookie && !is_safe {
            let sent = request.header("x-csrf-token").or_else(|| request.header("x-xsrf-token")).unwrap_or_default();
            if !bool::from(sent.as_bytes().ct_eq(session.csrf_token().as_bytes())) {
                return Err(Refusal::Forged.to_http().into());
            }
        }
        Ok(Some(session))
    }

    fn token_of(&self, request: &HttpRequest, source: TokenSource) -> Result<Option<String>, HttpResponse> {
        if source == TokenSource::Cookie {
            let cookies = request.headers.iter().filter(|(name, _)| name == "cookie");
            let mut ids = cookies.filter_map(|(_, cookies)| cookie_of(cookies, &self.options.cookie));
            return Ok(ids.next().filter(|id| !id.is_empty()));
        }
        let Some(header) = request.header("authorization") else { return Ok(None) };
        match header.split_once(' ') {
            Some((scheme, id)) if scheme.eq_ignore_ascii_case("bearer") => Ok(Some(id.trim().to_owned())),
            _ => Err(Refusal::Missing(super::forward::NO_BEARER).to_http()),
        }
    }
}

impl Session {
    /// Adds the cookies of the session to a response: its id, which no script can read, and the CSRF token, which the page's own can.
    /// They last as long as the session may be unused. Those of a session that was destroyed are removed.
    pub fn set_cookies(&self, response: HttpResponse) -> HttpResponse {
        let options = &self.sessions().options;
        let (id, csrf, lasts) = if self.is_destroyed() {
            (String::new(), String::new(), Duration::ZERO)
        } else {
            (self.id().to_string(), self.csrf_token(), options.idle)
        };
        let write = |name: &str, value: String, is_hidden: bool| {
            let cookie = Cookie::build((name.to_owned(), value)).path("/").same_site(SameSite::Lax);
            let cookie = cookie.http_only(is_hidden).secure(options.is_secure);
            format!("{cookie}; Max-Age={}", lasts.as_secs())
        };
        let response = response.with_header("set-cookie", write(&options.cookie, id, true));
        response.with_header("set-cookie", write(&options.csrf_cookie, csrf, false))
    }
}
