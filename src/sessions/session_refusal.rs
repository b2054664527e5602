//! How requests and messages are refused whose session is missing, has ended, or does not fit.

use serde_json::{Value, json};

use crate::controllers::ErrorResponse;
use crate::error::Failure;
use crate::http::HttpResponse;

/// A refusal as HTTP has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// There is no token.
    Missing(&'static str),
    /// The token is that of no session.
    Invalid(&'static str),
    /// The CSRF token does not fit.
    Forged,
    /// Nobody has signed in.
    NoUser,
}

impl Refusal {
    pub(super) const EXPIRED: Self = Self::Invalid("token invalid or expired");
    pub(super) const UNKNOWN_USER: Self = Self::Invalid("The token does not match any user.");

    const fn status(self) -> (u16, &'static str) {
        match self {
            Self::Missing(_) => (400, "BAD REQUEST"),
            Self::Invalid(_) | Self::NoUser => (401, "UNAUTHORIZED"),
            Self::Forged => (403, "FORBIDDEN"),
        }
    }

    const fn code(self) -> &'static str {
        match self {
            Self::Missing(_) => "invalid_request",
            Self::Invalid(_) => "invalid_token",
            Self::Forged => "csrf_error",
            Self::NoUser => "unauthorized",
        }
    }

    const fn description(self) -> &'static str {
        match self {
            Self::Missing(text) | Self::Invalid(text) => text,
            Self::Forged => "CSRF token missing or incorrect.",
            Self::NoUser => "Nobody has signed in.",
        }
    }

    fn to_value(self) -> Value {
        let (status, message) = self.status();
        let body = match self {
            Self::Missing(_) | Self::Invalid(_) => self.to_body(),
            Self::Forged => self.description().into(),
            Self::NoUser => return json!({ "statusCode": status, "statusMessage": message }),
        };
        json!({ "statusCode": status, "statusMessage": message, "body": body })
    }

    fn to_body(self) -> Value {
        json!({ "code": self.code(), "description": self.description() })
    }

    /// Returns the error of a message's acknowledgement.
    pub(super) fn to_response(self) -> ErrorResponse<Value> {
        ErrorResponse(self.to_value())
    }

    /// Returns the response to an HTTP request.
    pub(super) fn to_http(self) -> HttpResponse {
        let (status, _) = self.status();
        let text = self.description();
        match self {
            Self::Forged | Self::NoUser => HttpResponse::text(status, text),
            Self::Missing(_) => HttpResponse::json(status, &self.to_body()),
            Self::Invalid(_) => {
                let challenge = format!(r#"error="{}", error_description="{text}""#, self.code());
                HttpResponse::json(status, &self.to_body()).with_header("www-authenticate", challenge)
            }
        }
    }

    /// Returns the error of a client that may not connect: `err.message`, and `err.data`.
    pub(super) fn to_failure(self) -> Failure {
        Failure::new(self.code(), self.description()).with_data(self.to_value())
    }
}
