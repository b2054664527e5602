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
        Ok(Self::clone(&call.request))
    }
}

impl Extract<Http> for Rc<HttpRequest> {
    type Claim = ();

    fn extract(call: &mut Http) -> Result<Self, Failure> {
        Ok(Self::clone(&call.request))
    }
}

impl<T: DeserializeOwned> Extract<Http> for Json<T> {
    type Claim = RequestBody;

    fn extract(call: &mut Http) -> Result<Self, Failure> {
        // Bytes that are not UTF-8 are read as U+FFFD, as in the POST of a client that polls.
        let body = String::from_utf8_lossy(&call.request.body);
        json::from_str(&body).map(Self).map_err(|error| invalid("the body", &error))
    }
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
