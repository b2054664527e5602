//! Where clients send the id of their session, and its CSRF token: in requests, and in the request and the auth object that open a connection.

use subtle::ConstantTimeEq as _;

use super::forward::TokenSource;
use super::session_refusal::Refusal;
use super::session_store::Sessions;
use super::user_session::Session;
use crate::handles::{Handshake, HttpRequest};
use crate::http::cookie_of;

/// What a client is told whose header `authorization` has another scheme.
const NO_BEARER: &str = r#"Invalid authorization header. The scheme should be "Bearer"."#;

/// What a client has sent.
pub(super) trait Sent {
    fn header(&self, name: &str) -> Option<&str>;
    fn sent_cookie(&self, name: &str) -> Option<String>;
    fn query_param(&self, name: &str) -> Option<String>;
    /// Returns a text of the auth object.
    fn auth_text(&self, key: &str) -> Option<String>;
}

impl Sent for HttpRequest {
    fn header(&self, name: &str) -> Option<&str> {
        Self::header(self, name)
    }

    fn sent_cookie(&self, name: &str) -> Option<String> {
        let mut headers = self.headers.iter().filter(|(header, _)| header == "cookie");
        headers.find_map(|(_, cookies)| cookie_of(cookies, name))
    }

    fn query_param(&self, name: &str) -> Option<String> {
        Self::query_param(self, name).map(str::to_owned)
    }

    fn auth_text(&self, _: &str) -> Option<String> {
        None
    }
}

impl Sent for Handshake {
    fn header(&self, name: &str) -> Option<&str> {
        Self::header(self, name)
    }

    fn sent_cookie(&self, name: &str) -> Option<String> {
        self.cookie(name)
    }

    fn query_param(&self, name: &str) -> Option<String> {
        Self::query_param(self, name)
    }

    fn auth_text(&self, key: &str) -> Option<String> {
        let auth: serde_json::Value = self.auth().ok()?;
        auth.get(key)?.as_str().map(str::to_owned)
    }
}

impl Sessions {
    /// Returns the session's id that a client has sent.
    pub(super) fn sent_id(&self, sent: &dyn Sent, source: TokenSource) -> Result<Option<String>, Refusal> {
        if source == TokenSource::Cookie {
            return Ok(sent.sent_cookie(&self.cookie_name(&self.options.cookie)).filter(|id| !id.is_empty()));
        }
        match sent.header("authorization").map(|header| header.split_once(' ')) {
            Some(Some((scheme, id))) if scheme.eq_ignore_ascii_case("bearer") => Ok(Some(id.trim().to_owned())),
            Some(_) => Err(Refusal::Missing(NO_BEARER)),
            None => Ok(sent.auth_text(&self.options.auth_key)),
        }
    }
}

impl Session {
    /// Whether a client has sent the CSRF token.
    pub(super) fn has_csrf_token(&self, sent: &dyn Sent) -> bool {
        let header = |name: &str| sent.header(name).map(str::to_owned);
        let token = sent.auth_text("csrfToken").or_else(|| sent.query_param("_csrf"));
        let token = token.or_else(|| header("x-csrf-token")).or_else(|| header("x-xsrf-token")).unwrap_or_default();
        token.as_bytes().ct_eq(self.csrf_token().as_bytes()).into()
    }
}
