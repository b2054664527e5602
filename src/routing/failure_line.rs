//! The line of the log about what failed in the Worker.

use crate::error::Failure;
use crate::log::{Level, Record};
use crate::value::without_reason;

/// Returns the line about a handler that failed.
pub(in crate::routing) fn failed(level: Level, failure: &Failure, what: &str) -> Record {
    let level = if failure.is_internal() { Level::Error } else { level };
    let text = failure.text();
    let message = match failure.code() {
        // Of what a client sent and could not be read, only the place.
        Failure::INVALID_ARGUMENTS => without_reason(&text),
        _ => &text,
    };
    let message = ["a handler of the Worker failed with ", failure.code(), ": ", message].concat();
    let mut record = Record::new(level, message).event(Some(what.into())).code(failure.code().to_owned());
    record.reference = failure.reference().map(Box::from);
    *record
}
