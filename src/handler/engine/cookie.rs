//! The cookie with a session's id.

use cookie::{Cookie, SameSite};

use crate::id::Sid;

/// A cookie as engine.io completes it: its name is `io`, its path `/`, it is for HTTP only, and of the same site, but where it
/// says otherwise.
pub(super) fn complete(mut cookie: Cookie<'static>) -> Cookie<'static> {
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

/// The header `set-cookie` of a session.
pub(super) fn header(cookie: &Cookie<'static>, sid: Sid) -> String {
    let mut cookie = cookie.clone();
    cookie.set_value(sid.as_str().to_owned());
    cookie.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_said_is_as_engine_io_has_it() {
        let sid = Sid::parse("abc").expect("valid");
        let text = |cookie| header(&complete(cookie), sid);
        assert_eq!(text(Cookie::from("")), "io=abc; HttpOnly; SameSite=Lax; Path=/");
        let own = Cookie::build(("session", "?")).path("/chat").http_only(false).secure(true).same_site(SameSite::None);
        assert_eq!(text(own.into()), "session=abc; SameSite=None; Secure; Path=/chat");
    }
}
