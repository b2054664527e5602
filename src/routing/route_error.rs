//! The error of a route's handler, which may be a response.

use super::outcome::IntoOutcome;
use crate::error::Failure;
use crate::handles::HttpResponse;

/// The error of a handler of a route in which `?` meets both: responses, as [`Sessions::of_request`](crate::session::Sessions::of_request)
/// has one for a client that it refuses, and failures. Every error that `?` converts into a [`Failure`] becomes one of these.
///
/// ```
/// use std::rc::Rc;
///
/// use dormouse::extract::HttpRequest;
/// use dormouse::response::{HttpResponse, RouteError};
/// use dormouse::testing::TestWorld;
/// use dormouse::{App, Storage};
///
/// fn app() -> App {
///     App::new().namespace("/", |ns| ns).route("PUT", "/score", set_score)
/// }
///
/// fn check(request: &HttpRequest) -> Result<(), HttpResponse> {
///     if request.header("x-referee").is_some() { Ok(()) } else { Err(HttpResponse::text(401, "referees only")) }
/// }
///
/// async fn set_score(request: Rc<HttpRequest>, storage: Storage) -> Result<HttpResponse, RouteError> {
///     check(&request)?;
///     let score: u32 = core::str::from_utf8(&request.body)?.parse()?;
///     storage.put("score", &score)?;
///     Ok(HttpResponse::empty(204))
/// }
///
/// let world = TestWorld::new(app);
/// assert_eq!(world.request("PUT", "/score", "7").status, 401);
/// let put = |body: &'static str| {
///     let request = HttpRequest::new("PUT", "/score").with_header("x-referee", "1").with_body(body);
///     world.begin_request(request).response().expect("a response").status
/// };
/// assert_eq!((put("7"), put("seven")), (204, 500));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RouteError {
    /// The client gets this response. It is not logged.
    Response(HttpResponse),
    /// The failure is logged, and the client gets the response to it.
    Failure(Failure),
}

impl From<HttpResponse> for RouteError {
    fn from(response: HttpResponse) -> Self {
        Self::Response(response)
    }
}

impl<E> From<E> for RouteError
where
    Failure: From<E>,
{
    fn from(error: E) -> Self {
        Self::Failure(error.into())
    }
}

impl IntoOutcome<Result<HttpResponse, Failure>> for Result<HttpResponse, RouteError> {
    fn into_outcome(self) -> Result<HttpResponse, Failure> {
        self.or_else(|error| match error {
            RouteError::Response(response) => Ok(response),
            RouteError::Failure(failure) => Err(failure),
        })
    }
}
