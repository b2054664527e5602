//! The cookie with a session's id.

use cookie::{Cookie, SameSite};

use crate::id::Sid;

/// Completes a cookie with engine.io's defaults: the name `io`, the path `/`, `HttpOnly` and `SameSite=Lax`.
fn complete(mut cookie: Cookie<'static>) -> Cookie<'static> {
    if cookie.name().is_empty() {
        cookie.set_name("io");
    }
    if cookie.path().is_none() {
        cookie.set_path("/");
    }
    if cookie.http_only().is_none() {
        cookie.set_http_only(true);
    }
    if cookie.same_site().is_none() {
        cookie.set_same_site(SameSite::Lax);
    }
    cookie
}

/// The header `set-cookie`, in two parts: before and after the session's id.
#[derive(Debug)]
pub(crate) struct Template(String, String);

impl Template {
    /// Writes a cookie, once and when the app sets it, rather than for each session: the code that writes expiry times
    /// is 20 KB of wasm, which only apps that set a cookie should have.
    pub(crate) fn new(cookie: Cookie<'static>) -> Self {
        let mut cookie = complete(cookie);
        cookie.set_value("");
        let (name, mut text) = (cookie.name().len(), cookie.to_string());
        let behind = text.split_off(text.len().min(name.saturating_add(1)));
        Self(text, behind)
    }

    pub(crate) fn header(&self, sid: Sid) -> String {
        format!("{}{sid}{}", self.0, self.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_attributes_are_engine_ios_defaults() {
        let sid = Sid::parse("abc").expect("valid");
        let text = |cookie| Template::new(cookie).header(sid);
        assert_eq!(text(Cookie::from("")), "io=abc; HttpOnly; SameSite=Lax; Path=/");
        let own = Cookie::build(("session", "?")).path("/chat").http_only(false).secure(true).same_site(SameSite::None);
        assert_eq!(text(own.into()), "session=abc; SameSite=None; Secure; Path=/chat");
    }
}
