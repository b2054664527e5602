//! The error of arguments that cannot be read, with a text that is safe to send.

use core::fmt::{self, Display};

use crate::limits::MAX_ECHOED_PROBLEM_CHARS;

/// The error when arguments cannot be read as a type: which argument, and what is wrong with it. The fault is the sender's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodeError {
    position: Option<usize>,
    /// `None` when the argument is missing.
    reason: Option<String>,
}

impl DecodeError {
    /// Returns the position of the argument, counted from 1, or `None` if the error is about all arguments together.
    pub const fn position(&self) -> Option<usize> {
        self.position
    }

    /// Returns whether the argument is missing.
    pub const fn is_missing(&self) -> bool {
        self.reason.is_none()
    }

    /// Returns what is wrong with the argument. `None` if it is missing.
    #[cfg(feature = "validation")]
    pub(crate) fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }

    pub(super) const fn missing(position: usize) -> Self {
        Self { position: Some(position), reason: None }
    }

    pub(super) fn at(position: usize, error: &serde_json::Error) -> Self {
        Self { position: Some(position), reason: Some(reason(error)) }
    }

    /// Sets the position to `position`, unless the error has one already.
    pub(super) fn or_at(self, position: usize) -> Self {
        Self { position: self.position.or(Some(position)), ..self }
    }
}

/// Returns the text of `error` without the line and column that `serde_json` appends: the client's author did not write the JSON
/// text. The result is shortened and escaped, see [`echoed`].
pub(crate) fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    echoed(text.strip_suffix(&place).unwrap_or(&text))
}

/// Returns what comes before the reason in the text of an error of arguments: which argument it is. The reason may quote what a client
/// sent, which is for the client and not for the log.
pub(crate) fn without_reason(text: &str) -> &str {
    text.split_once(": ").map_or(text, |(place, _)| place)
}

/// Makes a text that repeats a client's input safe to send and to log: escapes control characters, and replaces the middle of a
/// text of more than [`MAX_ECHOED_PROBLEM_CHARS`] characters by `…`. The end is kept, because serde says there what it expected.
pub(crate) fn echoed(text: &str) -> String {
    const TAIL: usize = MAX_ECHOED_PROBLEM_CHARS / 3;
    let mut rest = text.chars();
    let head: Vec<char> = rest.by_ref().take(MAX_ECHOED_PROBLEM_CHARS - TAIL).collect();
    let mut tail: Vec<char> = rest.by_ref().rev().take(TAIL).collect();
    if rest.next().is_some() {
        tail.push('…');
    }
    let mut echoed = String::new();
    for char in head.into_iter().chain(tail.into_iter().rev()) {
        if char.is_control() {
            echoed.extend(char.escape_default());
        } else {
            echoed.push(char);
        }
    }
    echoed
}

impl Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.position {
            Some(position) => write!(f, "argument {position}")?,
            None => f.write_str("arguments")?,
        }
        match &self.reason {
            Some(reason) => write!(f, ": {reason}"),
            None => f.write_str(" is missing"),
        }
    }
}

impl core::error::Error for DecodeError {}

impl serde::de::Error for DecodeError {
    fn custom<T: Display>(reason: T) -> Self {
        Self { position: None, reason: Some(echoed(&reason.to_string())) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::args::Args;
    use core::fmt::Debug;
    use serde::de::DeserializeOwned;

    fn error<T: DeserializeOwned + Debug>(elements: &str) -> String {
        Args::from_wire(elements, Vec::new()).parse::<T>().expect_err("invalid").to_string()
    }

    #[test]
    fn the_place_of_an_error_quotes_nothing() {
        let place = |elements: &str| without_reason(&error::<u32>(elements)).to_owned();
        assert_eq!(place(r#""hunter2: a: b""#), "argument 1");
        assert_eq!(place(""), "argument 1 is missing");
        let of_all = <DecodeError as serde::de::Error>::custom("hunter2: too many");
        assert_eq!(without_reason(&of_all.to_string()), "arguments");
    }

    #[test]
    fn what_a_client_sent_is_echoed_within_bounds() {
        let long = error::<u32>(&format!("\"{}\"", "ü".repeat(400_000)));
        assert!(long.chars().count() <= MAX_ECHOED_PROBLEM_CHARS + "argument 1: …".chars().count(), "{long}");
        assert!(long.starts_with("argument 1: invalid type: string \"üü"), "{long}");
        assert!(long.ends_with("üü\", expected u32"), "{long}");
        assert!(error::<u32>(&format!("{{\"{}\":1}}", "x".repeat(400_000))).len() < 400);
        assert_eq!(
            error::<Result<(), ()>>(r#"{"a\r\nforged line\u001b[2J":1}"#),
            r"argument 1: unknown variant `a\r\nforged line\u{1b}[2J`, expected `Ok` or `Err`"
        );
        for count in [0, 1, 199, 200, 201, 299, 300] {
            let text = "y".repeat(count);
            assert_eq!(echoed(&text), text);
        }
        assert_eq!(echoed(&"y".repeat(301)), format!("{}…{}", "y".repeat(200), "y".repeat(100)));
    }
}
