//! Extractors of handlers that are called for an HTTP request, or for a request of Engine.IO.

use std::rc::Rc;

use serde::de::DeserializeOwned;

use super::call::{AllowRequest, Http, Requested};
use super::claim::RequestBody;
use super::extractor::Extract;
use super::invalid;
use crate::error::Failure;
use crate::handles::{ConnRequest, HttpRequest};
use crate::value::json;

/// The body of an HTTP request, parsed from JSON. A body that is no JSON, or no `T`, fails with the code
/// `INVALID_ARGUMENTS`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Json<T>(pub T);

impl Extract<Http> for HttpRequest {
    type Claim = ();

    fn extract(call: &mut Http) -> Result<Self, Failure> {
        Ok(Self::clone(with_world(call)))
    }
}

impl Extract<Http> for Rc<HttpRequest> {
    type Claim = ();

    fn extract(call: &mut Http) -> Result<Self, Failure> {
        Ok(Self::clone(with_world(call)))
    }
}

/// Returns the request, which then has the name of its world.
fn with_world(call: &Http) -> &Rc<HttpRequest> {
    call.request.world.get_or_init(|| call.io.world());
    &call.request
}

impl<T: DeserializeOwned> Extract<Http> for Json<T> {
    type Claim = RequestBody;

    fn extract(call: &mut Http) -> Result<Self, Failure> {
        body_of(&call.request).map(Self)
    }
}

/// Parses the body of a request from JSON.
pub(super) fn body_of<T: DeserializeOwned>(request: &HttpRequest) -> Result<T, Failure> {
    // Bytes that are not UTF-8 are read as U+FFFD, as in the POST of a client that polls.
    let body = String::from_utf8_lossy(&request.body);
    json::from_str(&body).map_err(|error| invalid("the body", &error))
}

impl Extract<AllowRequest> for ConnRequest {
    type Claim = ();

    fn extract(call: &mut AllowRequest) -> Result<Self, Failure> {
        Ok(call.request.clone())
    }
}

impl Extract<Requested> for ConnRequest {
    type Claim = ();

    fn extract(call: &mut Requested) -> Result<Self, Failure> {
        Ok(call.request.clone())
    }
}
