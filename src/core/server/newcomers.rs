//! Room for new sessions.

use super::Server;
use crate::core::effect::Effects;

impl Server {
    /// Drops sessions that have not joined, the oldest first, until there is room for one more from `network`. It `polls`, or it is
    /// on a WebSocket. A client whose CONNECT waits for guards is about to join, and keeps its session.
    pub(super) fn make_room(&mut self, polls: bool, network: u64, fx: &mut Effects) {
        loop {
            let is_joining = |key| {
                self.clients.get(key).is_some_and(|client| !client.prepared.is_empty())
                    || self.pending_connects.restored_of(key).next().is_some()
            };
            let Some(session) = self.engine.crowded_out(polls, network, is_joining) else { return };
            self.engine.drop_unjoined(session, fx);
            // At once, because the new session may get the same key.
            self.handle_ended(fx);
        }
    }
}
