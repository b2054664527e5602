//! The cookie with a session's id.

use cookie::{Cookie, SameSite};

use crate::id::Sid;

/// A cookie as engine.io completes it: its name is `io`, its path `/`, it is for HTTP only, and of the same site, but where it
/// says otherwise.
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

/// The header `set-cookie`, before and behind the session's id.
#[derive(Debug)]
pub(crate) struct Template(String, String);

impl Template {
    /// Written once, where the app asks for a cookie: what writes the time at which one expires is 20 KB of wasm, and for
    /// those apps only.
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
    fn what_is_not_said_is_as_engine_io_has_it() {
        let sid = Sid::parse("abc").expect("valid");
        let text = |cookie| Template::new(cookie).header(sid);
        assert_eq!(text(Cookie::from("")), "io=abc; HttpOnly; SameSite=Lax; Path=/");
        let own = Cookie::build(("session", "?")).path("/chat").http_only(false).secure(true).same_site(SameSite::None);
        assert_eq!(text(own.into()), "session=abc; SameSite=None; Secure; Path=/chat");
    }
}
