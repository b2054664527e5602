//! The headers that a session keeps of the request that opened it.

use super::token::is_token;
use crate::limits::{MAX_ECHOED_NAME_CHARS, MAX_KEPT_HEADERS};

/// The headers that are kept in every app: what handlers ask for, and no secrets.
const ALWAYS: [&str; 16] = [
    "accept-language",
    "cf-connecting-ip",
    "cf-ipcountry",
    "cf-ray",
    "forwarded",
    "host",
    "origin",
    "referer",
    "sec-websocket-protocol",
    "true-client-ip",
    "user-agent",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-proto",
    "x-real-ip",
];

/// The list of the headers that are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct KeptHeaders {
    /// Those that the app added, in lower case.
    added: Vec<Box<str>>,
}

/// The bytes of the URL and headers of a request that opens a session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct HandshakeBytes {
    /// Those of the whole request.
    pub whole: usize,
    /// Those of the part that the session keeps.
    pub kept: usize,
}

impl KeptHeaders {
    /// Adds a header.
    ///
    /// # Panics
    /// At start-up, with the caller's line, if the name is not a header's or there are too many.
    #[track_caller]
    pub(crate) fn add(&mut self, name: &str) {
        assert!(is_token(name) && name.len() <= MAX_ECHOED_NAME_CHARS, "{name:?} is not a header name");
        let name = name.to_ascii_lowercase();
        if !self.keeps(&name) {
            assert!(self.added.len() < MAX_KEPT_HEADERS, "`keep_headers` has more than {MAX_KEPT_HEADERS} names");
            self.added.push(name.into());
        }
    }

    /// Returns whether the header with this name, in lower case, is kept.
    pub(crate) fn keeps(&self, name: &str) -> bool {
        ALWAYS.contains(&name) || self.added.iter().any(|added| **added == *name)
    }

    /// Returns the bytes of a URL of `url` bytes with these headers.
    pub(crate) fn measure<'a>(&self, url: usize, headers: impl Iterator<Item = (&'a str, &'a str)>) -> HandshakeBytes {
        headers.fold(HandshakeBytes { whole: url, kept: url }, |HandshakeBytes { whole, kept }, (name, value)| {
            let bytes = name.len().saturating_add(value.len());
            let kept = if self.keeps(name) { kept.saturating_add(bytes) } else { kept };
            HandshakeBytes { whole: whole.saturating_add(bytes), kept }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_kept_only_if_the_app_asks_for_them() {
        let mut kept = KeptHeaders::default();
        for name in ["cookie", "authorization", "proxy-authorization", "x-token", "", "Host"] {
            assert!(!kept.keeps(name), "{name}");
        }
        kept.add("Cookie");
        kept.add("cookie");
        kept.add("HOST");
        assert_eq!(kept.added, ["cookie".into()]);
        let headers = [("host", "a"), ("cookie", "b=c"), ("x-other", "d")];
        let bytes = kept.measure(3, headers.into_iter());
        assert_eq!(bytes, HandshakeBytes { whole: 3 + 5 + 9 + 8, kept: 3 + 5 + 9 });
    }
}
