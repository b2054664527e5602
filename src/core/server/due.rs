//! Acknowledgements, unfinished packets and named alarms that are due.

use std::rc::Rc;

use super::Server;
use super::emission::{push_collected, stored_ack_dispatch};
use super::restore::Changed;
use crate::core::dispatch::Dispatch;
use crate::core::effect::Effects;
use crate::core::namespace::SocketRecord;
use crate::error::AckFailure;
use crate::limits::PANIC_BACKOFF;
use crate::time::Timestamp;

impl Server {
    /// Requests handlers for the acknowledgements that did not arrive in time, and for the named alarms that are due. Marks
    /// sessions as changed whose unfinished packets are to be stored.
    pub(super) fn handle_due(&mut self, now: Timestamp, fx: &mut Effects) {
        while let Some(complete) = self.pending_acks.take_due(now) {
            push_collected([complete], fx);
        }
        while let Some((id, stored)) = self.stored_acks.take_due(now) {
            self.touch(id);
            self.members_changed = true;
            if let Some(socket) = self.namespaces.get(id).map(SocketRecord::to_ref) {
                fx.push_dispatch(stored_ack_dispatch(socket, None, stored, Err(AckFailure::Expired)));
            }
        }
        while let Some(session) = self.clients.take_due(now) {
            self.touch_session(session, Changed::Rest);
        }
        self.alarms.take_due(now, |name, context| {
            fx.push_dispatch(Dispatch::Alarm { name: name.into(), context: Rc::clone(context) });
        });
    }

    /// Postpones the stored acknowledgements and named alarms that are due by `PANIC_BACKOFF`, after a panic: retrying at once
    /// could loop for ever.
    pub fn postpone_due(&mut self, now: Timestamp) {
        let later = now.after(PANIC_BACKOFF);
        while let Some(socket) = self.stored_acks.postpone_due(now, later) {
            self.touch(socket);
        }
        self.alarms.postpone_due(now, later);
    }
}
