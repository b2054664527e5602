//! The extractor of the parts that a template names.

use super::call::{Alarm, Http, WorkerHttp};
use super::extractor::Extract;
use crate::error::Failure;

/// The parts that the handler's template names: those of an alarm's name, or of a request's path, where they are also
/// [`HttpRequest::param`](super::HttpRequest::param). An alarm that is given up has those of its handler's template.
///
/// ```
/// use core::time::Duration;
///
/// use dormouse::extract::Params;
/// use dormouse::testing::{TestEvent, TestWorld};
/// use dormouse::{App, Failure, Io};
///
/// fn app() -> App {
///     App::new().namespace("/", |ns| ns.on_connect(start)).on_alarm("round/{lot}", end)
/// }
///
/// async fn start(io: Io) -> Result<(), Failure> {
///     io.set_alarm("round/teapot", Duration::from_secs(60), ())
/// }
///
/// async fn end(io: Io, params: Params) -> Result<(), Failure> {
///     Ok(io.emit("sold", params.param("lot"))?)
/// }
///
/// let world = TestWorld::new(app);
/// let anna = world.connect("/");
/// world.advance(Duration::from_secs(60));
/// assert_eq!(anna.next_event(), Some(TestEvent::new("sold", "teapot")));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Params(Vec<(String, String)>);

impl Params {
    /// Returns the part that the template calls `name`.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.iter().find(|(of, _)| *of == name).map(|(_, value)| value)
    }

    /// Returns the names and the parts, in the template's order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Returns the parts of a name, whose template matches it.
    fn of_name(name: &str, template: &str) -> Option<Self> {
        let mut router = matchit::Router::new();
        router.insert(["/", template].concat(), 0_usize).ok()?;
        let name = ["/", name].concat();
        let found = router.at(&name).ok()?;
        Some(Self(found.params.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()))
    }
}

impl Extract<Alarm> for Params {
    type Claim = ();

    fn extract(call: &mut Alarm) -> Result<Self, Failure> {
        let template = call.template.as_deref();
        Ok(template.and_then(|template| Self::of_name(&call.name, template)).unwrap_or_default())
    }
}

impl Extract<Http> for Params {
    type Claim = ();

    fn extract(call: &mut Http) -> Result<Self, Failure> {
        Ok(Self(call.request.params.clone()))
    }
}

impl Extract<WorkerHttp> for Params {
    type Claim = ();

    fn extract(call: &mut WorkerHttp) -> Result<Self, Failure> {
        Ok(Self(call.request.params.clone()))
    }
}
