//! A request without its body. It is copied out of the runtime in one call, because each call costs more than its bytes.

use super::kept_headers::{HandshakeBytes, KeptHeaders};
use crate::core::handshake_request::HandshakeRequest;
use crate::time::Timestamp;

/// A request's method, URL and headers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RequestHead(String);

impl RequestHead {
    /// Returns the head that `http.js` wrote: the method, the URL, and names and values of headers in turn, each on a line of
    /// its own. The runtime allows no line break in any of them.
    pub(crate) const fn new(lines: String) -> Self {
        Self(lines)
    }

    /// Returns the method, in capitals.
    pub(crate) fn method(&self) -> &str {
        self.lines().next().unwrap_or_default()
    }

    /// Returns the origin to which the request was sent, such as `https://relay.example`.
    pub(crate) fn own_origin(&self) -> &str {
        self.split_url().0
    }

    /// Returns the path.
    pub(crate) fn path(&self) -> &str {
        self.split_url().1
    }

    /// Returns the parameters of the query, decoded, in order.
    pub(crate) fn query(&self) -> form_urlencoded::Parse<'_> {
        form_urlencoded::parse(self.split_url().2.as_bytes())
    }

    /// Returns the name of the world in the query, unchecked.
    pub(crate) fn asked_world(&self) -> Option<String> {
        self.query().find(|(key, _)| key == "world").map(|(_, value)| value.into_owned())
    }

    /// Returns the headers: names in lower case, and values.
    pub(crate) fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        let mut lines = self.lines().skip(2);
        core::iter::from_fn(move || lines.next().zip(lines.next()))
    }

    /// Returns the value of a header, by its name in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers().find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    /// Returns whether the request asks for a WebSocket.
    pub(crate) fn is_upgrade(&self) -> bool {
        self.header("upgrade").is_some_and(|to| to.eq_ignore_ascii_case("websocket"))
    }

    /// Returns the bytes of the URL and the headers, as those of [`to_handshake`](Self::to_handshake) are measured.
    pub(crate) fn handshake_bytes(&self, kept: &KeptHeaders) -> HandshakeBytes {
        kept.measure(self.url().len().saturating_sub(self.own_origin().len()), self.headers())
    }

    /// Returns the request as hooks see it, with all of its headers. It arrived at `issued`.
    pub(crate) fn to_handshake(&self, issued: Timestamp) -> HandshakeRequest {
        let origin = self.own_origin();
        HandshakeRequest {
            headers: self.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            issued,
            address: self.header("cf-connecting-ip").unwrap_or_default().to_owned(),
            url: self.url().strip_prefix(origin).unwrap_or_default().to_owned(),
            secure: origin.starts_with("https:"),
        }
    }

    fn lines(&self) -> impl Iterator<Item = &str> {
        self.0.split('\n')
    }

    fn url(&self) -> &str {
        self.lines().nth(1).unwrap_or_default()
    }

    /// Splits the URL into origin, path, and query without the question mark.
    fn split_url(&self) -> (&str, &str, &str) {
        let url = self.url();
        let (rest, query) = url.split_once('?').unwrap_or((url, ""));
        let query = query.split_once('#').map_or(query, |(query, _)| query);
        let host_at = rest.find("://").map_or(0, |at| at + 3);
        let behind = rest.get(host_at..).unwrap_or_default();
        let path_at = host_at + behind.find('/').unwrap_or(behind.len());
        let (origin, path) = rest.split_at_checked(path_at).unwrap_or((rest, ""));
        (origin, path, query)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn head(lines: &[&str]) -> RequestHead {
        RequestHead::new(lines.join("\n"))
    }

    #[test]
    fn a_head_is_method_url_and_headers() {
        let url = "https://relay.example:8443/w/alpha/socket.io/?EIO=4&world=b%20c&u=https://x/";
        let head = head(&["GET", url, "upgrade", "WebSocket", "x-empty", "", "cf-connecting-ip", "::1"]);
        assert_eq!((head.method(), head.own_origin()), ("GET", "https://relay.example:8443"));
        assert_eq!(head.path(), "/w/alpha/socket.io/");
        assert_eq!(head.asked_world().as_deref(), Some("b c"));
        assert_eq!(head.headers().count(), 3);
        assert_eq!((head.header("x-empty"), head.header("origin")), (Some(""), None));
        assert!(head.is_upgrade());
        let handshake = head.to_handshake(Timestamp::default());
        assert_eq!(handshake.url, "/w/alpha/socket.io/?EIO=4&world=b%20c&u=https://x/");
        assert_eq!(handshake.address, "::1");
        assert!(handshake.secure);
        assert_eq!(head.handshake_bytes(&KeptHeaders::default()).whole, handshake.bytes());
    }

    #[test]
    fn a_url_need_not_have_a_path_or_a_query() {
        for (url, parts) in [
            ("http://a", ("http://a", "", "")),
            ("http://a?b=1", ("http://a", "", "b=1")),
            ("http://a/b#c", ("http://a", "/b#c", "")),
            ("http://a/b?c#d", ("http://a", "/b", "c")),
            ("", ("", "", "")),
        ] {
            assert_eq!(head(&["GET", url]).split_url(), parts, "{url}");
        }
        assert_eq!(head(&[""]).headers().count(), 0);
    }

    proptest! {
        /// With any content, any number of headers, and repeated names.
        #[test]
        fn what_was_written_is_read(
            url in "(https?://)?[^\n]{0,40}",
            headers in proptest::collection::vec(("[a-z-]{0,3}", "[^\n]{0,10}"), 0..200),
        ) {
            let lines = ["GET", &url].into_iter().chain(headers.iter().flat_map(|(name, value)| [&**name, &**value]));
            let head = RequestHead::new(lines.collect::<Vec<_>>().join("\n"));
            let pairs = || headers.iter().map(|(name, value)| (&**name, &**value));
            prop_assert!(head.headers().eq(pairs()));
            for (name, _) in pairs() {
                prop_assert_eq!(head.header(name), pairs().find(|(key, _)| *key == name).map(|(_, value)| value));
            }
            let begin = [head.own_origin(), head.path()].concat();
            prop_assert!(url.starts_with(&begin), "{begin} is not how {url} begins");
            let handshake = head.to_handshake(Timestamp::default());
            prop_assert_eq!(format!("{}{}", head.own_origin(), handshake.url), url);
            prop_assert_eq!(head.handshake_bytes(&KeptHeaders::default()).whole, handshake.bytes());
        }
    }
}
