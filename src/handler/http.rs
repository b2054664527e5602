//! Requests to a world besides Socket.IO's own.

use bytes::Bytes;
use serde::Serialize;
use serde_json::json;

use super::failure::Failure;

/// A request to one of the app's [`route`](super::App::route)s.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HttpRequest {
    /// The method, in capitals.
    pub method: String,
    /// The path behind the world's name.
    pub path: String,
    /// The query's parameters, decoded, in order.
    pub query: Vec<(String, String)>,
    /// The headers: names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The body: at most `MAX_PAYLOAD_BYTES`.
    pub body: Bytes,
    /// The path's parts that the route's template names.
    pub params: Vec<(String, String)>,
}

impl HttpRequest {
    /// The value of a header, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }

    /// The first parameter of the query with this name.
    pub fn query_param(&self, name: &str) -> Option<&str> {
        find(&self.query, name)
    }

    /// The part of the path that the route's template calls `name`.
    pub fn param(&self, name: &str) -> Option<&str> {
        find(&self.params, name)
    }
}

/// The answer to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpResponse {
    /// The status.
    pub status: u16,
    /// The headers: names and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
}

impl HttpResponse {
    /// An answer without a body.
    pub const fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Bytes::new() }
    }

    /// A text.
    pub fn text(status: u16, text: impl Into<String>) -> Self {
        let body = Bytes::from(text.into());
        Self { status, headers: vec![header("content-type", "text/plain; charset=UTF-8")], body }
    }

    /// A value as JSON; one that cannot be written is a 500.
    pub fn json(status: u16, value: &impl Serialize) -> Self {
        match serde_json::to_vec(value) {
            Ok(body) => Self { status, headers: vec![header("content-type", "application/json")], body: body.into() },
            Err(error) => Self::failed(&Failure::from(error)),
        }
    }

    /// With another header.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// What a request gets whose handler failed: 400 where its body does not fit, 500 otherwise, and the failure as JSON.
    pub fn failed(failure: &Failure) -> Self {
        let status = if failure.code() == Failure::INVALID_ARGUMENTS { 400 } else { 500 };
        Self::error(status, failure)
    }

    /// A failure as JSON.
    pub fn error(status: u16, failure: &Failure) -> Self {
        let error = json!({ "status": "error", "error": { "code": failure.code(), "message": failure.message() } });
        Self::text(status, error.to_string()).with_type("application/json")
    }

    fn with_type(mut self, kind: &str) -> Self {
        self.headers = vec![header("content-type", kind)];
        self
    }
}

fn header(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

fn find<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}
