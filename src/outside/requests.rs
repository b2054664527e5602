//! Requests to other servers, and to other Workers by service bindings.

use form_urlencoded::Serializer;

use super::Outside;
use super::binding_kind::SERVICE;
#[cfg(not(target_arch = "wasm32"))]
use super::fetch_fake as platform;
#[cfg(target_arch = "wasm32")]
use super::fetch_workers as platform;
use crate::error::Failure;
use crate::http::{HttpRequest, HttpResponse};
#[cfg(not(target_arch = "wasm32"))]
use crate::limits::MAX_FETCHED_BYTES;

/// The code of what went wrong with a request.
pub(super) const CODE: &str = "FETCH";

/// Where a path of a service binding is: the host's name has no meaning there.
const SERVICE_ORIGIN: &str = "https://service";

/// Sends a request to another server, and returns the response, whatever its status is. The `path` of the request is the URL; its `query`
/// is appended. Redirects are followed.
///
/// The handler waits: other events are handled meanwhile, and the world stays awake. If a write to the [storage](crate::Storage) came
/// before, the request is sent when that is on the disk.
///
/// In tests, `TestWorld::on_fetch` answers.
///
/// ```
/// use dormouse::extract::HttpRequest;
/// use dormouse::response::HttpResponse;
/// use dormouse::testing::TestWorld;
/// use dormouse::{Ack, App, Data, Failure};
///
/// async fn weather(Data(city): Data<String>) -> Result<Ack<f64>, Failure> {
///     let request = HttpRequest::new("GET", "https://weather.example/now").with_query("city", city);
///     let response = dormouse::fetch(request).await?;
///     if !response.is_success() {
///         return Err(Failure::new("NO_WEATHER", format!("the server answered {}", response.status)));
///     }
///     Ok(Ack(response.parse_json()?))
/// }
///
/// let world = TestWorld::new(|| App::new().namespace("/", |ns| ns.on("weather", weather)));
/// world.on_fetch(|request| {
///     assert_eq!(request.path, "https://weather.example/now?city=Bonn");
///     HttpResponse::json(200, &21.5)
/// });
/// let ack = world.connect("/").emit_with_ack("weather", "Bonn");
/// assert_eq!(ack.args().expect("an acknowledgement").to_json(), "[21.5]");
/// ```
///
/// # Errors
/// They are [`OutsideError`](crate::error::OutsideError)s with the code `FETCH`. The URL, a header or the method is not valid, the server cannot be reached, it has not answered within a minute,
/// or the body has more than 8,000,000 bytes.
pub async fn fetch(request: HttpRequest) -> Result<HttpResponse, Failure> {
    platform::fetch(addressed(request)).await
}

/// Another Worker, which [`Env::service`](super::Env::service) returns.
#[derive(Clone, Debug)]
pub struct Service(platform::Binding);

impl Service {
    pub(super) fn new(outside: &Outside, name: &str) -> Result<Self, Failure> {
        platform::Binding::new(outside, &SERVICE, name).map(Self)
    }

    /// Sends a request to the Worker, as [`fetch`] does. Of the URL, the Worker may ignore the host: a path alone, such as `/login`, will do.
    ///
    /// # Errors
    /// Those of [`fetch`].
    pub async fn fetch(&self, mut request: HttpRequest) -> Result<HttpResponse, Failure> {
        if request.path.starts_with('/') {
            request.path.insert_str(0, SERVICE_ORIGIN);
        }
        self.0.fetch(addressed(request)).await
    }
}

/// Returns the request with its whole URL as the path, and no query beside it.
fn addressed(mut request: HttpRequest) -> HttpRequest {
    if !request.query.is_empty() {
        let query = core::mem::take(&mut request.query);
        let start = if let Some(at) = request.path.find('?') {
            at + 1
        } else {
            request.path.push('?');
            request.path.len()
        };
        request.path = Serializer::for_suffix(request.path, start).extend_pairs(query).finish();
    }
    request
}

/// Returns the error for a body that is too long.
#[cfg(not(target_arch = "wasm32"))]
pub(super) fn check_body(bytes: usize) -> Result<(), Failure> {
    if bytes <= MAX_FETCHED_BYTES {
        return Ok(());
    }
    Err(Failure::of_outside(CODE, format!("the body of the response has more than {MAX_FETCHED_BYTES} bytes")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_query_is_appended_to_the_url() {
        let url =
            |path: &str| addressed(HttpRequest::new("GET", path).with_query("q", "a b&c").with_query("x", "1")).path;
        assert_eq!(url("https://a.example/b"), "https://a.example/b?q=a+b%26c&x=1");
        assert_eq!(url("https://a.example/b?c=d"), "https://a.example/b?c=d&q=a+b%26c&x=1");
        assert_eq!(addressed(HttpRequest::new("GET", "https://a.example")).path, "https://a.example");
    }
}
