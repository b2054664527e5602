//! From the layer above to transports.

use super::session::Transport;
use super::{Closing, Engine};
use crate::core::effect::{Effect, Effects};
use crate::error::Reason;
use crate::id::SessionKey;
use crate::limits::POLLING_CLOSE_TIMEOUT;
use crate::time::Timestamp;
use crate::value::Frame;

impl Engine {
    /// Sends frames to a session; volatile ones only if it is ready for them.
    pub fn send(&mut self, key: SessionKey, frames: Vec<Frame>, volatile: bool, fx: &mut Effects) {
        if self.tells_created() {
            self.note_created(key, &frames, volatile, fx);
        }
        match self.sessions.get_mut(key.0).map(|session| &mut session.transport) {
            Some(Transport::WebSocket { conn }) => fx.push(Effect::Send { conn: *conn, frames, volatile }),
            // Between two polls, a client is not ready.
            Some(Transport::Polling(polling)) if volatile && !polling.is_polled() => {}
            Some(Transport::Polling(_)) => self.send_polling(key, &frames, fx),
            Some(Transport::Draining(..)) | None => {}
        }
    }

    /// Sends the same frames to many sessions; volatile ones only to those that are ready for them.
    pub fn broadcast(
        &mut self,
        keys: impl IntoIterator<Item = SessionKey>,
        frames: Vec<Frame>,
        volatile: bool,
        fx: &mut Effects,
    ) {
        let mark = fx.mark();
        for key in keys {
            if self.tells_created() {
                self.note_created(key, &frames, volatile, fx);
            }
            match self.sessions.get(key.0).map(|session| &session.transport) {
                Some(Transport::WebSocket { conn }) => fx.push_recipient(*conn),
                Some(Transport::Polling(polling)) if volatile && !polling.is_polled() => {}
                Some(Transport::Polling(_)) => self.send_polling(key, &frames, fx),
                Some(Transport::Draining(..)) | None => {}
            }
        }
        fx.push_broadcast(mark, frames, volatile);
    }

    /// Closes a session in good order, and reports it by [`next_ended`](Self::next_ended): a polling client still gets what waits
    /// for it, by the next GET or on the WebSocket that it upgrades to. A GET that hangs gets the close at once: nothing waits
    /// then.
    pub fn close_session(&mut self, now: Timestamp, key: SessionKey, reason: Reason, fx: &mut Effects) {
        let Some(conn_view) = self.conn_view(key) else { return };
        let Some(session) = self.sessions.get_mut(key.0) else { return };
        match &mut session.transport {
            Transport::Polling(polling) if !polling.is_polled() => {
                let protocol = session.protocol;
                session.transport = Transport::Draining(polling.drain(now.after(POLLING_CLOSE_TIMEOUT)));
                self.reschedule(key);
                self.report_ended(key, conn_view, protocol, reason);
            }
            Transport::Draining(_) => {}
            Transport::Polling(_) | Transport::WebSocket { .. } => self.drop_session(key, Closing::new(reason), fx),
        }
    }

    fn send_polling(&mut self, key: SessionKey, frames: &[Frame], fx: &mut Effects) {
        let bound = self.config.max_buffered_bytes;
        if self.polling(key).is_some_and(|polling| polling.send(frames, fx) > bound) {
            self.drop_session(key, Closing::new(Reason::TransportError), fx);
        }
    }
}
