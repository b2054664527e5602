//! Measures what waits for each client.

use super::engine::{Engine, Role};
use super::session::Transport;
use crate::core::debts::Debts;
use crate::core::effect::{CloseCode, Effects};
use crate::id::{ConnId, SessionKey};

impl Engine {
    /// Charges each session with what waits for its client; `unsent` is the cost of the unsent frames of each WebSocket.
    pub fn measure(&self, unsent: &[u32], debts: &mut Debts) {
        for (number, &bytes) in (0..).zip(unsent) {
            if let Some(Role::Transport(key)) = self.by_conn.get(ConnId(number)) {
                debts.add_waiting(*key, bytes as usize);
            }
        }
        for (key, session) in self.sessions.iter() {
            match &session.transport {
                Transport::WebSocket { .. } => {}
                Transport::Polling(polling) => debts.add_waiting(SessionKey(key), polling.owed(self.polling_count)),
                Transport::Draining(draining) => debts.add_waiting(SessionKey(key), draining.owed(self.polling_count)),
            }
        }
    }

    /// Drops a session that owes too much, with the code 1013.
    pub fn handle_debtor(&mut self, key: SessionKey, fx: &mut Effects) {
        self.drop_with_code(key, CloseCode::TryAgainLater, fx);
    }
}
