//! Sending frames to sessions.

use super::closing::Closing;
use super::engine::Engine;
use super::session::Transport;
use crate::core::account::Cost;
use crate::core::effect::Effects;
use crate::error::Reason;
use crate::id::SessionKey;
use crate::value::Frame;

impl Engine {
    /// Sends frames to a session; volatile ones only if it is ready for them.
    pub fn send(&mut self, key: SessionKey, frames: Vec<Frame>, volatile: bool, fx: &mut Effects) {
        if self.packet_watch.watches_created() {
            self.dispatch_created(key, &frames, volatile, fx);
        }
        match self.sessions.get_mut(key.0).map(|session| &mut session.transport) {
            Some(Transport::WebSocket { conn }) => fx.push_send(*conn, frames, volatile),
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
            if self.packet_watch.watches_created() {
                self.dispatch_created(key, &frames, volatile, fx);
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

    fn send_polling(&mut self, key: SessionKey, frames: &[Frame], fx: &mut Effects) {
        let (now, bounds) = (self.now, self.config.reader_bounds());
        let Some(polling) = self.polling(key) else { return };
        let queued = polling.queued(frames, bounds);
        let is_slow = polling.send(now, frames, bounds, fx);
        if let Some(payer) = fx.payer().filter(|_| queued > 0) {
            self.charge(now, payer, Cost::QueuedBytes, queued);
        }
        if is_slow {
            self.drop_session(key, Closing::new(Reason::TransportError), fx);
        }
    }
}
