//! The error of what a handler asked of the outside.

use core::error::Error;
use core::fmt;

use super::failure::Failure;

/// The error of a binding, a request to the outside, or the app's state. It comes in a [`Failure`], which is internal: clients are told a
/// reference, and the log has the text. A handler that goes on without what failed finds the code by
/// [`Failure::downcast_ref`]:
///
/// ```
/// use dormouse::error::OutsideError;
/// use dormouse::extract::HttpRequest;
/// use dormouse::testing::TestWorld;
/// use dormouse::{Ack, App, Failure};
///
/// async fn weather() -> Result<Ack<String>, Failure> {
///     match dormouse::fetch(HttpRequest::new("GET", "https://weather.example")).await {
///         Ok(response) => Ok(Ack(response.body_text().into_owned())),
///         Err(failure) if failure.downcast_ref().map(OutsideError::code) == Some("FETCH") => Ok(Ack("unknown".to_owned())),
///         Err(failure) => Err(failure),
///     }
/// }
///
/// let world = TestWorld::new(|| App::new().namespace("/", |ns| ns.on("weather", weather)));
/// world.on_fetch(|_| Err(OutsideError::new("FETCH", "no route to the host")));
/// let ack = world.connect("/").emit_with_ack("weather", ());
/// assert_eq!(ack.args().expect("an acknowledgement").to_json(), r#"["unknown"]"#);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutsideError {
    code: &'static str,
    message: String,
}

impl OutsideError {
    /// Returns an error, for the stand-ins of tests.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// Returns the code: `BINDING`, if a binding is not there; `KV`, `D1`, `R2`, `QUEUE` or `FETCH`, if the platform refused the call or
    /// failed; `NO_STATE`, if the app has no state of this type.
    pub const fn code(&self) -> &'static str {
        self.code
    }

    /// Returns what is wrong.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for OutsideError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code)?;
        f.write_str(": ")?;
        f.write_str(&self.message)
    }
}

impl Error for OutsideError {}

impl Failure {
    /// Returns the error for what the outside did not do. What it says of that is about the server.
    #[inline(never)]
    pub(crate) fn of_outside(code: &'static str, problem: String) -> Self {
        OutsideError::new(code, problem).into()
    }
}
