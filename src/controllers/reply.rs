//! What a controller answers: `{status: "ok", data}` or `{status: "error", error}`.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Failure, HandlerError};
use crate::routing::outcome::IntoOutcome;
use crate::value::{Args, DecodeError, EncodeError};

/// A response with data: the client's acknowledgement is `{"status":"ok","data":…}`. `Bytes` anywhere in it are binary attachments.
///
/// A handler that returns nothing sends no acknowledgement; [`Reply::ok`] is a response without data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Response<T>(pub T);

/// An error response: the client's acknowledgement is `{"status":"error","error":…}`, with any value as the error.
///
/// ```
/// use dormouse::controller::{Context, ErrorResponse, Response};
///
/// async fn create(ctx: Context) -> Result<Response<u32>, ErrorResponse<&'static str>> {
///     match ctx.payload::<u32>() {
///         Ok(number) if number > 0 => Ok(Response(number)),
///         _ => Err(ErrorResponse("a positive number is needed")),
///     }
/// }
/// # let _ = dormouse::controller::Controller::new().on("create", create);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrorResponse<E>(pub E);

/// A response of any kind, or none: what hooks' post functions get and may replace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reply(Kind);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Kind {
    /// The client's callback is not called.
    #[default]
    None,
    /// The data: one argument, or none.
    Ok(Args),
    /// The error: one argument.
    Error(Args),
}

impl Reply {
    /// Returns no response: the client's callback is not called.
    pub fn none() -> Self {
        Self::default()
    }

    /// Returns a response without data: `{"status":"ok"}`.
    pub const fn ok() -> Self {
        Self(Kind::Ok(Args::new()))
    }

    /// Returns a response with data.
    ///
    /// # Errors
    /// `data` cannot be written as JSON, or has more than 10 attachments.
    pub fn data(data: &impl Serialize) -> Result<Self, EncodeError> {
        Ok(Self(Kind::Ok(Args::one(data)?)))
    }

    /// Returns an error response.
    ///
    /// # Errors
    /// `error` cannot be written as JSON, or has more than 10 attachments.
    pub fn error(error: &impl Serialize) -> Result<Self, EncodeError> {
        Ok(Self(Kind::Error(Args::one(error)?)))
    }

    /// Returns the error response with this error, which is one argument.
    pub(crate) const fn of_error(error: Args) -> Self {
        Self(Kind::Error(error))
    }

    /// Whether there is no response.
    pub const fn is_none(&self) -> bool {
        matches!(self.0, Kind::None)
    }

    /// Whether this is a response with data or without.
    pub const fn is_ok(&self) -> bool {
        matches!(self.0, Kind::Ok(_))
    }

    /// Whether this is an error response.
    pub const fn is_error(&self) -> bool {
        matches!(self.0, Kind::Error(_))
    }

    /// Parses the data, or the error of an error response.
    ///
    /// # Errors
    /// There is none, or it is not a `T`.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, DecodeError> {
        let (Kind::Ok(args) | Kind::Error(args)) = &self.0 else { return Args::new().parse() };
        args.parse::<(T,)>().map(|(value,)| value)
    }

    /// Returns the status, as clients get it.
    pub(crate) const fn status(&self) -> &'static str {
        match self.0 {
            Kind::None => "none",
            Kind::Ok(_) => "ok",
            Kind::Error(_) => "error",
        }
    }

    /// Returns the acknowledgement; `None` for no response.
    pub(crate) fn into_args(self) -> Option<Args> {
        let (key, args) = match self.0 {
            Kind::None => return None,
            Kind::Ok(args) => (r#"{"status":"ok","data":"#, args),
            Kind::Error(args) => (r#"{"status":"error","error":"#, args),
        };
        let json = match args.elements() {
            "" => r#"{"status":"ok"}"#.to_owned(),
            element => [key, element, "}"].concat(),
        };
        Some(Args::from_written(json, args.attachments().to_vec()))
    }
}

/// The outcome of a controller's handler.
pub(crate) type ReplyOutcome = Result<Reply, Failure>;

impl IntoOutcome<ReplyOutcome> for () {
    fn into_outcome(self) -> ReplyOutcome {
        Ok(Reply::none())
    }
}

impl IntoOutcome<ReplyOutcome> for Reply {
    fn into_outcome(self) -> ReplyOutcome {
        Ok(self)
    }
}

impl<T: Serialize> IntoOutcome<ReplyOutcome> for Response<T> {
    fn into_outcome(self) -> ReplyOutcome {
        Reply::data(&self.0).map_err(unsent)
    }
}

impl<E: Serialize> IntoOutcome<ReplyOutcome> for ErrorResponse<E> {
    fn into_outcome(self) -> ReplyOutcome {
        Reply::error(&self.0).map_err(unsent)
    }
}

impl<R: IntoOutcome<ReplyOutcome>> IntoOutcome<ReplyOutcome> for Option<R> {
    fn into_outcome(self) -> ReplyOutcome {
        self.map_or_else(|| Ok(Reply::none()), IntoOutcome::into_outcome)
    }
}

impl<R: IntoOutcome<ReplyOutcome>, E: HandlerError> IntoOutcome<ReplyOutcome> for Result<R, E> {
    fn into_outcome(self) -> ReplyOutcome {
        self.map_err(|error| Failure::from_handler_error(&error)).and_then(IntoOutcome::into_outcome)
    }
}

impl<R: IntoOutcome<ReplyOutcome>, E: Serialize> IntoOutcome<ReplyOutcome> for Result<R, ErrorResponse<E>> {
    fn into_outcome(self) -> ReplyOutcome {
        match self {
            Ok(response) => response.into_outcome(),
            Err(error) => error.into_outcome(),
        }
    }
}

// What is not generic is in the wasm once.
#[inline(never)]
#[expect(clippy::needless_pass_by_value, reason = "`map_err` passes it so")]
pub(super) fn unsent(error: EncodeError) -> Failure {
    Failure::from_handler_error(&error)
}
