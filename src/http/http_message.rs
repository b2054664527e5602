//! Requests to the app's own routes, and the responses to them.

use core::cell::OnceCell;
use std::borrow::Cow;

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::internal_headers::INTERNAL_PREFIX;
use super::token::is_token;
use crate::error::{Failure, INTERNAL_MESSAGE, INVALID_TOKEN, VALIDATION_PAYLOAD_ERROR};
use crate::id::WorldName;
use crate::limits::MAX_ECHOED_NAME_CHARS;
use crate::value::json;

/// A request to one of the app's [`route`](crate::routing::App::route)s.
///
/// ```
/// use std::rc::Rc;
/// use dormouse::testing::TestWorld;
/// use dormouse::extract::HttpRequest;
/// use dormouse::response::HttpResponse;
/// use dormouse::{App, Failure, Storage};
///
/// fn app() -> App {
///     App::new().route("GET", "/scores/{player}", score)
/// }
///
/// async fn score(request: Rc<HttpRequest>, storage: Storage) -> Result<HttpResponse, Failure> {
///     let player = request.param("player").unwrap_or_default();
///     let scores = storage.get::<Vec<u32>>(player)?.unwrap_or_default();
///     Ok(match request.query_param("sum") {
///         Some(_) => HttpResponse::json(200, &scores.iter().sum::<u32>()),
///         None => HttpResponse::json(200, &scores),
///     })
/// }
///
/// let world = TestWorld::new(app);
/// assert_eq!(world.request("GET", "/scores/anna", "").body, "[]");
/// assert_eq!(world.request("GET", "/scores/anna?sum=1", "").body, "0");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct HttpRequest {
    /// The method, in capitals.
    pub method: String,
    /// The path after the world's name, percent-encoded as it came. Of a request to the outside, the URL: see [`fetch`](crate::fetch()).
    pub path: String,
    /// The parameters of the query, decoded, in order.
    pub query: Vec<(String, String)>,
    /// The headers: names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The body: at most `MAX_PAYLOAD_BYTES`.
    pub body: Bytes,
    /// The parts of the path that the route's template names, decoded.
    pub params: Vec<(String, String)>,
    /// The world that received the request. Set where a handler takes it, so that an app that does not has no code for it.
    pub(crate) world: OnceCell<WorldName>,
}

impl HttpRequest {
    /// Returns a request without a query and headers, for [`fetch`](crate::fetch()) and `TestWorld::begin_request`.
    pub fn new(method: impl Into<String>, path: impl Into<String>) -> Self {
        Self { method: method.into(), path: path.into(), ..Self::default() }
    }

    /// Adds a header.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_ascii_lowercase(), value.into()));
        self
    }

    /// Adds a parameter to the query.
    #[must_use]
    pub fn with_query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.query.push((name.into(), value.into()));
        self
    }

    /// Sets the body to a value as JSON, and the `content-type`.
    ///
    /// # Errors
    /// The value cannot be written as JSON.
    pub fn with_json(self, value: &impl Serialize) -> Result<Self, Failure> {
        let body = serde_json::to_vec(value)?;
        Ok(self.with_body(body).with_header("content-type", "application/json"))
    }

    /// Returns the name of the world that received the request; empty for a request that none has.
    pub fn world(&self) -> &str {
        self.world.get().map_or("", WorldName::as_str)
    }

    /// Sets the body.
    #[must_use]
    pub fn with_body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// Returns the last value of a header, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }

    /// Returns the last parameter of the query with this name.
    pub fn query_param(&self, name: &str) -> Option<&str> {
        find(&self.query, name)
    }

    /// Returns the part of the path that the route's template calls `name`.
    pub fn param(&self, name: &str) -> Option<&str> {
        find(&self.params, name)
    }
}

/// The response to a request. The status must be from 200 to 599; the client gets a 500 otherwise. Headers that HTTP does not
/// allow, and headers that the platform sets, such as `content-length`, are left out and logged.
///
/// ```
/// use dormouse::response::HttpResponse;
///
/// let response = HttpResponse::json(201, &["tea", "cake"]).with_header("location", "/orders/1");
/// assert_eq!(response.status, 201);
/// assert_eq!(response.body, r#"["tea","cake"]"#);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HttpResponse {
    /// The status.
    pub status: u16,
    /// The headers: names and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
}

impl HttpResponse {
    /// Returns a response without headers. [`text`](Self::text) and [`json`](Self::json) set the `content-type`.
    pub fn new(status: u16, body: impl Into<Bytes>) -> Self {
        Self { body: body.into(), ..Self::empty(status) }
    }

    /// Returns a response without headers and body.
    pub const fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Bytes::new() }
    }

    /// Returns a response with a text body, as `text/plain` in UTF-8.
    pub fn text(status: u16, text: impl Into<String>) -> Self {
        let headers = vec![header("content-type", "text/plain; charset=UTF-8")];
        Self { headers, ..Self::new(status, text.into()) }
    }

    /// Returns a response with a JSON body, as `application/json`; a 500 if the value cannot be written as JSON.
    pub fn json(status: u16, value: &impl Serialize) -> Self {
        match serde_json::to_vec(value) {
            Ok(body) => Self { headers: vec![header("content-type", "application/json")], ..Self::new(status, body) },
            Err(error) => {
                let problem = format!("the response cannot be written as JSON: {error}");
                Self::failed(&Failure::new("INVALID_RESPONSE", problem))
            }
        }
    }

    /// Adds a header.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Returns the last value of a header, by its name in lower case: for a response of [`fetch`](crate::fetch()).
    pub fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }

    /// Whether the status is from 200 to 299.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Returns the body as a text; bytes that are not UTF-8 become U+FFFD.
    pub fn body_text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }

    /// Parses the body from JSON.
    ///
    /// # Errors
    /// The body is not JSON, or not a `T`.
    pub fn parse_json<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        Ok(json::from_str(&self.body_text())?)
    }

    /// Returns the response to a request whose handler failed, with the failure as JSON. The status is 400 if the failure's code
    /// is [`Failure::INVALID_ARGUMENTS`] or `VALIDATION_PAYLOAD_ERROR`, 401 if it is `INVALID_TOKEN`, and 500 otherwise.
    pub fn failed(failure: &Failure) -> Self {
        Self::error(Self::status_of(failure), failure)
    }

    pub(crate) fn status_of(failure: &Failure) -> u16 {
        if cfg!(feature = "jwt") && failure.code() == INVALID_TOKEN {
            return 401;
        }
        let is_refused = |code: &str| cfg!(feature = "validation") && code == VALIDATION_PAYLOAD_ERROR;
        if failure.code() == Failure::INVALID_ARGUMENTS || is_refused(failure.code()) { 400 } else { 500 }
    }

    /// Returns a response whose body is the failure as JSON, with `cache-control: no-store`. This logs nothing: if the failure is
    /// [internal](Failure#what-clients-are-told), return it as `Err`, so that its text is in the log.
    pub fn error(status: u16, failure: &Failure) -> Self {
        Self::told(status, failure, None)
    }

    /// Returns a response whose body is the failure as JSON, with its `details` if it is internal. The caller logs the failure.
    pub(crate) fn told(status: u16, failure: &Failure, details: Option<&str>) -> Self {
        let error = failure.to_json(details);
        Self::text(status, error).with_type("application/json").with_header("cache-control", "no-store")
    }

    /// Returns the response to a request whose body is longer than `MAX_PAYLOAD_BYTES`.
    pub(crate) fn too_long() -> Self {
        Self::error(413, &Failure::new("TOO_LONG", "The body is longer than MAX_PAYLOAD_BYTES allows"))
    }

    /// Returns the response to a request for which there is no room or no memory.
    pub(crate) fn busy() -> Self {
        Self::error(503, &Failure::new("BUSY", "Too many requests wait to be answered"))
    }

    /// Returns the response to a request whose handler is gone: its world lost its memory. Of that, nothing is known that could be logged.
    pub(crate) fn lost() -> Self {
        Self::error(500, &Failure::new(Failure::INTERNAL, INTERNAL_MESSAGE))
    }

    /// Returns the response without what HTTP does not allow, and the problems as lines for the log. Invalid headers and headers
    /// that handlers may not set are left out; an invalid status becomes a 500.
    pub(crate) fn checked(mut self) -> (Self, Vec<String>) {
        if !(200..=599).contains(&self.status) {
            let problem = format!("a response has the status {}; it must be from 200 to 599", self.status);
            return (
                Self::error(
                    500,
                    &Failure::new("INVALID_RESPONSE", "The handler's response has an invalid status; see the log"),
                ),
                vec![problem],
            );
        }
        let mut problems = Vec::new();
        self.headers.retain(|(name, value)| {
            let problem = if !is_token(name) {
                "is not a valid header name"
            } else if PLATFORM_HEADERS.iter().any(|own| own.eq_ignore_ascii_case(name)) || is_internal(name) {
                "handlers may not set"
            } else if !value.chars().all(|c| c == '\t' || c == ' ' || c.is_ascii_graphic()) {
                "has an invalid value"
            } else {
                return true;
            };
            let shown: String = name.chars().take(MAX_ECHOED_NAME_CHARS).collect();
            problems.push(format!("a response goes without the header {shown:?}, which {problem}"));
            false
        });
        (self, problems)
    }

    pub(crate) fn with_type(mut self, kind: &str) -> Self {
        self.headers = vec![header("content-type", kind)];
        self
    }
}

/// Headers about the connection, which the platform sets.
const PLATFORM_HEADERS: [&str; 6] =
    ["connection", "content-length", "keep-alive", "trailer", "transfer-encoding", "upgrade"];

fn is_internal(name: &str) -> bool {
    name.get(..INTERNAL_PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(INTERNAL_PREFIX))
}

fn header(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

fn find<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs.iter().rfind(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_http_does_not_take_is_left_out() {
        let good = HttpResponse::text(200, "x").with_header("Set-Cookie", "a=b").with_header("x-empty", "");
        assert_eq!(good.clone().checked(), (good.clone(), Vec::new()));
        let mut bad = good.clone();
        for (name, value) in [
            ("", "1"),
            ("a b", "1"),
            ("a\r\nb", "1"),
            ("ü", "1"),
            ("location", "/\r\nset-cookie: evil=1"),
            ("x-null", "\0"),
            ("x-word", "Grüße"),
            ("Content-Length", "9"),
            ("Transfer-Encoding", "chunked"),
            ("X-Dormouse-Close", "1"),
        ] {
            bad = bad.with_header(name, value);
        }
        let (checked, problems) = bad.checked();
        assert_eq!(checked, good);
        assert_eq!(problems.len(), 10, "{problems:?}");
        assert!(problems.iter().all(|problem| !problem.contains(['\r', '\n'])), "{problems:?}");
    }

    #[test]
    fn a_status_is_one() {
        for status in [0, 99, 101, 199, 600, u16::MAX] {
            let (response, problems) = HttpResponse::empty(status).checked();
            assert_eq!((response.status, problems.len()), (500, 1), "{status}");
        }
    }
}
