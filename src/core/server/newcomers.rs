//! Room for new sessions.

use super::Server;
use crate::core::effect::Effects;
use crate::core::engineio::Room;

impl Server {
    /// Drops sessions until there is room for one more from `network`, which polls or is on a WebSocket: see [`Room`]. Returns `false` if
    /// there is none. A client whose CONNECT waits for guards has not joined: it counts as all others.
    pub(super) fn make_room(&mut self, polls: bool, network: u64, fx: &mut Effects) -> bool {
        loop {
            let session = match self.engine.room_for(polls, network) {
                Room::Free => return true,
                Room::After(session) => session,
                Room::Full => return false,
            };
            self.engine.drop_for_room(session, fx);
            // At once, because the new session may get the same key.
            self.handle_ended(fx);
        }
    }
}
