//! Traces: the sockets and events of which the log tells what becomes of them, for a time. They answer "he says that he did not get
//! the message".
//!
//! A trace is a named alarm that calls no handler, and ends when it is due: so it is stored in a row of its own, read at each wake with
//! the others, and a world without one does nothing for it.

use crate::log::Record;

/// The start of the names of the alarms that are traces of sockets, whose ids follow. No app can name an alarm so: its handlers' names
/// are checked.
pub(crate) const TRACED_SOCKET: &str = "\u{1}s";

/// The start of those that are traces of events, whose names follow. `connect`, `disconnect` and `connect_error` are those of all
/// sockets.
pub(crate) const TRACED_EVENT: &str = "\u{1}e";

/// Returns whether an alarm is a trace.
pub(crate) fn is_trace(alarm: &str) -> bool {
    alarm.starts_with('\u{1}')
}

/// Completes the line of a trace, whose message is how it ends.
#[inline(never)]
pub(crate) fn conclude(record: &mut Record, code: &'static str, fate: &str) {
    record.message.insert_str(0, fate);
    record.message.insert_str(0, "trace: ");
    record.code = code.into();
}
