//! The error of a handler, and its forms for clients.

use core::error::Error;
use core::fmt;
use std::borrow::Cow;
use std::rc::Rc;

use serde::Serialize;
use serde_json::Value;

use super::ack_error::{AckError, AckFailure, Unanswered};
use super::connect_error::ConnectError;
use super::emit_error::EmitError;
use super::handler_error::{DEFAULT_CODE, HandlerError, INVALID_ARGUMENTS};
use super::internal_error::{INTERNAL_CODE, INTERNAL_MESSAGE, InternalError, Problem};
use super::join_error::JoinError;
use super::more::More;
use crate::id::InvalidName;
use crate::value::json_writer::push_quoted;
use crate::value::{Args, DecodeError, EncodeError, echoed, quoted};

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
///
/// # What clients are told
/// The error of another library, or of the app, that `?` converts is *internal*: clients get `INTERNAL_SERVER_ERROR`, the sentence "An
/// internal server error has occurred.", and a `reference`. Its own text is in the log line with the same reference, and in the
/// error's [`source`](Self::source). With the Worker variable `DEBUG=true`, clients get the text as well, as `details`. Dormouse's own errors
/// keep their codes and texts behind `?`, and [`Failure::new`] and [`HandlerError`] say themselves what clients are told.
///
/// ```
/// use dormouse::testing::TestWorld;
/// use dormouse::{Ack, App, Data, Failure};
/// use serde_json::Value;
///
/// async fn double(Data(text): Data<String>) -> Result<Ack<u32>, Failure> {
///     Ok(Ack(2 * text.parse::<u32>()?))
/// }
///
/// let world = TestWorld::new(|| App::new().namespace("/", |ns| ns.on("double", double)));
/// let anna = world.connect("/");
/// let told = anna.emit_with_ack("double", "six").args().expect("an acknowledgement").parse::<Value>()?;
/// assert_eq!(told["error"]["message"], "An internal server error has occurred.");
/// let reference = told["error"]["reference"].as_str().expect("a reference");
/// assert!(world.log_lines().iter().any(|line| line.contains("invalid digit") && line.contains(reference)));
/// # Ok::<(), dormouse::error::DecodeError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure(Kind);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    /// Clients are told it as it is.
    Told(Rc<Told>),
    /// Clients are told a reference only.
    Internal(Rc<InternalError>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Told {
    code: Cow<'static, str>,
    message: String,
    more: Option<More>,
}

impl Failure {
    /// The code of errors that have no code of their own.
    pub const DEFAULT_CODE: &'static str = DEFAULT_CODE;
    /// The code of arguments that do not have the types that a handler takes.
    pub const INVALID_ARGUMENTS: &'static str = INVALID_ARGUMENTS;
    /// The code of internal errors, whose text is not told to clients.
    pub const INTERNAL: &'static str = INTERNAL_CODE;

    /// Returns an error with a code and a message.
    pub fn new(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self::told(code.into(), message.into())
    }

    // Not generic, so that the wasm has it once.
    #[inline(never)]
    fn told(code: Cow<'static, str>, message: String) -> Self {
        Self(Kind::Told(Rc::new(Told { code, message, more: None })))
    }

    /// Returns an internal error: `text` is for the log, and clients are told a reference to it.
    ///
    /// ```
    /// use dormouse::Failure;
    ///
    /// let failure = Failure::internal("the stock has -3 items");
    /// assert_eq!((failure.code(), failure.message()), (Failure::INTERNAL, "An internal server error has occurred."));
    /// assert_eq!(failure.source().map(|error| error.to_string()).as_deref(), Some("the stock has -3 items"));
    /// ```
    pub fn internal(text: impl Into<String>) -> Self {
        of_foreign(Box::new(Problem(text.into())))
    }

    /// Sets the data that a client gets when its CONNECT is refused: `err.data`. Does nothing if the error is internal.
    #[must_use]
    pub fn with_data(mut self, data: impl Into<Value>) -> Self {
        if let Kind::Told(told) = &mut self.0 {
            let told = Rc::make_mut(told);
            told.more = Some(More::with_data(told.more.as_ref(), data.into()));
        }
        self
    }

    /// Adds a field that clients get beside `code` and `message`, in acknowledgements and in the responses of routes; a client whose CONNECT
    /// is refused gets it in `err.data`, unless [`with_data`](Self::with_data) sets that. Does nothing if the error is internal, if the
    /// name is `code` or `message`, or if the value cannot be written as JSON.
    ///
    /// ```
    /// use dormouse::testing::TestWorld;
    /// use dormouse::{App, Failure};
    /// use serde_json::{Value, json};
    ///
    /// async fn bid() -> Result<(), Failure> {
    ///     Err(Failure::new("TOO_LOW", "the bid is too low").with_field("least", 50))
    /// }
    ///
    /// let world = TestWorld::new(|| App::new().namespace("/", |ns| ns.on("bid", bid)));
    /// let told = world.connect("/").emit_with_ack("bid", ()).args().expect("an acknowledgement").parse::<Value>()?;
    /// assert_eq!(told["error"], json!({ "code": "TOO_LOW", "message": "the bid is too low", "least": 50 }));
    /// # Ok::<(), dormouse::error::DecodeError>(())
    /// ```
    #[must_use]
    pub fn with_field(mut self, name: &str, value: impl Serialize) -> Self {
        if let (Kind::Told(told), Ok(value)) = (&mut self.0, serde_json::to_string(&value))
            && !["code", "message"].contains(&name)
        {
            let told = Rc::make_mut(told);
            told.more = Some(More::with_field(told.more.as_ref(), name, &value));
        }
        self
    }

    /// Returns the code, which is for programs: [`INTERNAL`](Self::INTERNAL) if the error is internal.
    pub fn code(&self) -> &str {
        match &self.0 {
            Kind::Told(told) => &told.code,
            Kind::Internal(_) => Self::INTERNAL,
        }
    }

    /// Returns the message, which is for people: what clients are told. The text of an internal error is that of its
    /// [`source`](Self::source).
    pub fn message(&self) -> &str {
        match &self.0 {
            Kind::Told(told) => &told.message,
            Kind::Internal(_) => INTERNAL_MESSAGE,
        }
    }

    /// Returns the data for a client whose CONNECT is refused, if it was set. Without it, `err.data` is `{"code":…}`, or is
    /// missing if the code is [`DEFAULT_CODE`](Self::DEFAULT_CODE).
    pub fn data(&self) -> Option<&Value> {
        match &self.0 {
            Kind::Told(told) => told.more.as_ref()?.data(),
            Kind::Internal(_) => None,
        }
    }

    /// Returns whether the error is internal: clients are told a reference, and not its text.
    pub const fn is_internal(&self) -> bool {
        matches!(self.0, Kind::Internal(_))
    }

    /// Returns the random text by which a client's report of an internal error is found in the log. `None` if the error is not internal.
    pub fn reference(&self) -> Option<&str> {
        self.as_internal().map(InternalError::reference)
    }

    /// Returns the error that `?` converted, if it is internal; its text and its own sources are not for clients.
    pub fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.as_internal().map(InternalError::source)
    }

    /// Returns the error that `?` converted, if it is internal and an `E`.
    ///
    /// ```
    /// use core::num::ParseIntError;
    /// use dormouse::Failure;
    ///
    /// fn parse(text: &str) -> Result<u32, Failure> {
    ///     Ok(text.parse()?)
    /// }
    ///
    /// let failure = parse("six").expect_err("no number");
    /// assert!(failure.downcast_ref::<ParseIntError>().is_some());
    /// ```
    pub fn downcast_ref<E: Error + 'static>(&self) -> Option<&E> {
        self.source()?.downcast_ref()
    }

    fn as_internal(&self) -> Option<&InternalError> {
        match &self.0 {
            Kind::Told(_) => None,
            Kind::Internal(internal) => Some(internal),
        }
    }

    /// Converts an error with its code and data. `?` would lose these: it converts any [`Error`](core::error::Error).
    pub fn from_handler_error(error: &impl HandlerError) -> Self {
        error.to_failure()
    }

    /// Returns the error for what the platform's storage did not do. What it says of that is about the server.
    pub(crate) fn of_storage(problem: String) -> Self {
        Self::internal(problem)
    }

    /// Returns the text for the log: of an internal error, that of its source.
    pub(crate) fn text(&self) -> Cow<'_, str> {
        match &self.0 {
            Kind::Told(told) => told.message.as_str().into(),
            // It may be long: the errors of serde repeat what a client sent.
            Kind::Internal(internal) => echoed(&internal.source().to_string()).into(),
        }
    }

    /// Returns the error that a client gets when its CONNECT is refused. Without data of its own, `err.data` has the code, so
    /// that programs can read it there, too. An internal error is told with its `details`, if there are any.
    pub(crate) fn to_refused(&self, details: Option<&str>) -> ConnectError {
        let (code, data) = match &self.0 {
            Kind::Told(told) => (told.code.clone(), told.more.as_ref().and_then(More::data_json)),
            Kind::Internal(_) => (Self::INTERNAL.into(), None),
        };
        let fields = self.fields(details);
        let has_more = code != Self::DEFAULT_CODE || !fields.is_empty();
        let data = data.or_else(|| has_more.then(|| [r#"{"code":"#, &quoted(&code), &fields, "}"].concat()));
        ConnectError { code, data, message: self.message().to_owned() }
    }

    /// Returns the error as the arguments of an acknowledgement. An internal error is told with its `details`, if there are any.
    pub(crate) fn to_args(&self, details: Option<&str>) -> Args {
        Args::from_wire(&self.to_json(details), Vec::new())
    }

    /// Returns the error as JSON, as clients get it in acknowledgements and HTTP responses. An internal error is told with its
    /// `details`, if there are any.
    pub(crate) fn to_json(&self, details: Option<&str>) -> String {
        self.to_json_within([r#"{"error":"#, r#","status":"error"}"#], details)
    }

    /// Returns the object with code and message as an argument.
    pub(crate) fn to_error(&self, details: Option<&str>) -> Args {
        Args::from_written(self.to_json_within([""; 2], details), Vec::new())
    }

    /// Returns the error of a payload that does not fit as controllers answer it: without a message.
    #[cfg(feature = "validation")]
    pub(crate) fn to_payload_error(&self) -> Option<Args> {
        let fields = self.fields(None);
        let is_one = self.code() == super::VALIDATION_PAYLOAD_ERROR && !fields.is_empty();
        is_one.then(|| Args::from_written([r#"{"code":"#, &quoted(self.code()), &fields, "}"].concat(), Vec::new()))
    }

    fn to_json_within(&self, [before, behind]: [&str; 2], details: Option<&str>) -> String {
        let (code, message) = (quoted(self.code()), quoted(self.message()));
        let fields = self.fields(details);
        [before, r#"{"code":"#, &code, r#","message":"#, &message, &fields, "}", behind].concat()
    }

    fn fields(&self, details: Option<&str>) -> Cow<'_, str> {
        match &self.0 {
            Kind::Told(told) => told.more.as_ref().map_or("", More::fields).into(),
            Kind::Internal(internal) => {
                // base64url needs no escapes.
                let mut fields = [r#","reference":""#, internal.reference(), r#"""#].concat();
                if let Some(details) = details {
                    fields.push_str(r#","details":"#);
                    push_quoted(details, &mut fields);
                }
                fields.into()
            }
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

// `Failure` must not implement `Error` itself, so that every `Error` can become a `Failure`.
impl<E: Error + 'static> From<E> for Failure {
    fn from(error: E) -> Self {
        of_error(Box::new(error))
    }
}

/// Converts an error: one of Dormouse says itself what clients are told, any other one is internal.
// Not generic, so that the wasm has it once, and not for each type of errors.
#[inline(never)]
pub(super) fn of_error(error: Box<dyn Error>) -> Failure {
    match own_code(&*error) {
        // The text may be long: the errors of serde repeat what a client sent.
        Some(code) => Failure::told(code.to_owned().into(), echoed(&error.to_string())),
        None => of_foreign(error),
    }
}

#[inline(never)]
fn of_foreign(error: Box<dyn Error>) -> Failure {
    Failure(Kind::Internal(Rc::new(InternalError::new(error))))
}

/// Returns the code of an error of Dormouse; `None` if it is another library's or the app's, even if one of Dormouse is its cause: its
/// text is its own then.
pub(super) fn own_code<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e str> {
    let code = code_of::<DecodeError>(error)
        .or_else(|| code_of::<AckFailure>(error))
        .or_else(|| code_of::<AckError>(error))
        .or_else(|| code_of::<EmitError>(error))
        .or_else(|| code_of::<JoinError>(error))
        .or_else(|| code_of::<EncodeError>(error))
        .or_else(|| code_of::<InvalidName>(error));
    // A `BroadcastAckError<T>` is known by its source, because nothing here knows its `T`.
    code.or_else(|| {
        let source = error.source()?;
        let unanswered = source.downcast_ref::<Unanswered>().map(Unanswered::code);
        unanswered.or_else(|| code_of::<EmitError>(source).filter(|_| error.to_string() == source.to_string()))
    })
}

fn code_of<'e, E: Error + HandlerError + 'static>(error: &'e (dyn Error + 'static)) -> Option<&'e str> {
    error.downcast_ref::<E>().map(HandlerError::code)
}

impl HandlerError for Failure {
    fn code(&self) -> &str {
        self.code()
    }

    fn data(&self) -> Option<Value> {
        self.data().cloned()
    }

    fn to_failure(&self) -> Failure {
        self.clone()
    }

    fn into_failure(self) -> Failure {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_client_is_told_the_code_or_what_is_said_instead() {
        let data = |failure: Failure| failure.to_refused(None).data;
        assert_eq!(data(Failure::new("MUTED", "no")), Some(r#"{"code":"MUTED"}"#.to_owned()));
        assert_eq!(data(Failure::new("MUTED", "no").with_data(5)), Some("5".to_owned()));
        assert_eq!(data(Failure::from_handler_error(&"no")), None);
        let field = Failure::from_handler_error(&"no").with_field("left", 3).with_field("code", 1);
        assert_eq!(data(field), Some(r#"{"code":"ERROR","left":3}"#.to_owned()));
    }
}
