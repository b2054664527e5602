//! The log of failures of handlers, whether or not a client was told.

use std::rc::Rc;

use super::world_api::{WorldApi, WorldHandle};
use crate::error::{Failure, INVALID_ACK};
use crate::id::{Namespace, SocketId};
use crate::log::{Level, Record};
use crate::time::Timestamp;
use crate::value::without_reason;

/// What a handler was called for that failed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FailedCall<'a> {
    /// The handler, for the sentence.
    pub who: &'a str,
    /// When it was called.
    pub began: Timestamp,
    /// The socket, and its namespace.
    pub socket: Option<(SocketId, &'a Namespace)>,
    /// The event, the alarm or the path.
    pub event: Option<&'a Rc<str>>,
}

impl WorldHandle {
    /// Writes a failure to the log: as a warning if whoever caused it `is_told`, and as an error otherwise, or if it is internal, of which
    /// nobody is told the text. Of what a client sent and could not be read, only the place.
    #[inline(never)]
    pub(crate) fn log_failure(&self, failure: &Failure, is_told: bool, call: FailedCall<'_>) {
        let level = if is_told && !failure.is_internal() { Level::Warn } else { Level::Error };
        let FailedCall { who, began, socket, event } = call;
        let is_wanted = |world: &Rc<dyn WorldApi>| {
            world.logs(level) || world.is_traced(socket.map(|(id, _)| id), event.map(|event| &**event))
        };
        let Some(world) = self.upgrade().filter(is_wanted) else { return };
        let text = failure.text();
        let message = match failure.code() {
            Failure::INVALID_ARGUMENTS | INVALID_ACK => without_reason(&text),
            _ => &text,
        };
        let message = [who, " failed with ", failure.code(), ": ", message].concat();
        let mut record = Record::new(level, message).event(event.cloned()).code(failure.code().to_owned());
        record.reference = failure.reference().map(Box::from);
        record.ms = Some(world.now().as_millis().saturating_sub(began.as_millis()));
        world.log(match socket {
            Some((id, namespace)) => record.of(namespace, Some(id)),
            None => record,
        });
    }
}
