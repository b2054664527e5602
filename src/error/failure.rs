//! The error of a handler, and its forms for clients.

use core::fmt;
use std::borrow::Cow;
use std::sync::Arc;

use serde_json::Value;

use super::ack_error::{AckError, AckFailure};
use super::connect_error::ConnectError;
use super::emit_error::EmitError;
use super::handler_error::{DEFAULT_CODE, HandlerError, INVALID_ARGUMENTS};
use super::join_error::JoinError;
use crate::value::{Args, DecodeError, echoed, quoted};

/// An error of a handler: a code and a sentence. Every [`Error`](core::error::Error) becomes one by `?`.
///
/// ```
/// use dormouse::{Data, Failure};
///
/// async fn roll(Data(sides): Data<String>) -> Result<(), Failure> {
///     let sides: u32 = sides.parse()?;
///     if sides == 0 {
///         return Err(Failure::new("NO_SIDES", "a die has sides"));
///     }
///     Ok(())
/// }
/// ```
///
/// An app's own error type becomes one by `?` as well, with its own codes, if it converts into `Failure`. Such a type must not
/// implement `Error`:
///
/// ```
/// use dormouse::{Data, Failure, Socket};
///
/// enum Refusal { TooLong, Muted { minutes: u32 } }
///
/// impl From<Refusal> for Failure {
///     fn from(refusal: Refusal) -> Self {
///         match refusal {
///             Refusal::TooLong => Self::new("TOO_LONG", "the message is too long"),
///             Refusal::Muted { minutes } => Self::new("MUTED", format!("you are muted for {minutes} minutes")),
///         }
///     }
/// }
///
/// async fn say(socket: Socket, Data(text): Data<String>) -> Result<(), Failure> {
///     if text.len() > 1_000 {
///         return Err(Refusal::TooLong.into());
///     }
///     Ok(socket.broadcast().emit("said", text)?)
/// }
/// # dormouse::App::new().namespace("/", |ns| ns.on("say", say));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    code: Cow<'static, str>,
    message: String,
    data: Option<Data>,
}

/// Data for a client. Code for JSON values is reached through this type alone, so that it is in the wasm only if an error has
/// data.
#[derive(Clone)]
struct Data(Arc<dyn Json>);

trait Json: Send + Sync {
    fn value(&self) -> &Value;
    fn to_json(&self) -> String;
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result;
    fn equals(&self, other: &dyn Json) -> bool;
}

impl Json for Value {
    fn value(&self) -> &Value {
        self
    }

    fn to_json(&self) -> String {
        self.to_string()
    }

    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }

    fn equals(&self, other: &dyn Json) -> bool {
        self == other.value()
    }
}

impl Data {
    fn new(value: Value) -> Self {
        Self(Arc::new(value))
    }
}

impl fmt::Debug for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl PartialEq for Data {
    fn eq(&self, other: &Self) -> bool {
        self.0.equals(&*other.0)
    }
}

impl Eq for Data {}

impl Failure {
    /// The code of errors that have no code of their own.
    pub const DEFAULT_CODE: &'static str = DEFAULT_CODE;
    /// The code of arguments that do not have the types that a handler takes.
    pub const INVALID_ARGUMENTS: &'static str = INVALID_ARGUMENTS;

    /// Returns an error with a code and a message.
    pub fn new(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), data: None }
    }

    /// Sets the data that a client gets when its CONNECT is refused: `err.data`.
    #[must_use]
    pub fn with_data(mut self, data: impl Into<Value>) -> Self {
        self.data = Some(Data::new(data.into()));
        self
    }

    /// Returns the code, which is for programs.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// Returns the message, which is for people.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Returns the data for a client whose CONNECT is refused, if it was set. Without it, `err.data` is `{"code":…}`, or is
    /// missing if the code is [`DEFAULT_CODE`](Self::DEFAULT_CODE).
    pub fn data(&self) -> Option<&Value> {
        self.data.as_ref().map(|data| data.0.value())
    }

    /// Converts an error with its code and data. `?` would lose these: it converts any [`Error`](core::error::Error).
    pub fn from_handler_error(error: &impl HandlerError) -> Self {
        error.to_failure()
    }

    /// Returns the error for what the platform's storage did not do.
    pub(crate) fn of_storage(problem: String) -> Self {
        Self::new("STORAGE", problem)
    }

    /// Returns the error that a client gets when its CONNECT is refused. Without data of its own, `err.data` has the code, so
    /// that programs can read it there, too.
    pub(crate) fn into_refused(self) -> ConnectError {
        let has_code = self.code != Self::DEFAULT_CODE;
        let data = match self.data {
            Some(data) => Some(data.0.to_json()),
            None => has_code.then(|| format!(r#"{{"code":{}}}"#, quoted(&self.code))),
        };
        ConnectError { data, message: self.message }
    }

    /// Returns the error as the arguments of an acknowledgement.
    pub(crate) fn to_args(&self) -> Args {
        Args::from_wire(&self.to_json(), Vec::new())
    }

    /// Returns the error as JSON, as clients get it in acknowledgements and HTTP responses.
    pub(crate) fn to_json(&self) -> String {
        let (code, message) = (quoted(&self.code), quoted(&self.message));
        format!(r#"{{"error":{{"code":{code},"message":{message}}},"status":"error"}}"#)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

// `Failure` must not implement `Error` itself, so that every `Error` can become a `Failure`.
impl<E: core::error::Error + 'static> From<E> for Failure {
    fn from(error: E) -> Self {
        let code = own_code(&error).map_or(Self::DEFAULT_CODE.into(), |code| code.to_owned().into());
        // The text may be long: serde's errors repeat what a client sent.
        Self { code, ..Self::new(Self::DEFAULT_CODE, echoed(&error.to_string())) }
    }
}

/// Returns the code of an error of Dormouse, or of the first such error among its causes.
fn own_code<'e>(error: &'e (dyn core::error::Error + 'static)) -> Option<&'e str> {
    let decode = || error.downcast_ref::<DecodeError>().map(HandlerError::code);
    let answer = || error.downcast_ref::<AckFailure>().map(HandlerError::code);
    let ack = || error.downcast_ref::<AckError>().map(HandlerError::code);
    let emit = || error.downcast_ref::<EmitError>().map(HandlerError::code);
    let join = || error.downcast_ref::<JoinError>().map(HandlerError::code);
    decode().or_else(answer).or_else(ack).or_else(emit).or_else(join).or_else(|| own_code(error.source()?))
}

impl HandlerError for Failure {
    fn code(&self) -> &str {
        &self.code
    }

    fn data(&self) -> Option<Value> {
        self.data().cloned()
    }

    fn to_failure(&self) -> Failure {
        self.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_client_is_told_the_code_or_what_is_said_instead() {
        let data = |failure: Failure| failure.into_refused().data;
        assert_eq!(data(Failure::new("MUTED", "no")), Some(r#"{"code":"MUTED"}"#.to_owned()));
        assert_eq!(data(Failure::new("MUTED", "no").with_data(5)), Some("5".to_owned()));
        assert_eq!(data(Failure::from_handler_error(&"no")), None);
        assert_eq!(data(Failure::from(fmt::Error)), None);
    }
}
