//! Measures what each session owes.

use super::Server;
use crate::core::debts::Debts;
use crate::id::Sid;

impl Server {
    /// Returns what each session owes: what is stored of it, its unfinished packet, packets that wait for their turn, and what waits
    /// for its client. `unsent` is the cost of the unsent frames of each WebSocket, by its number; `unread` are the bytes of the
    /// responses that clients have not read.
    pub fn measure(&self, unsent: &[u32], unread: &[(Sid, usize)]) -> Debts {
        let mut debts = Debts::default();
        for &(sid, bytes) in unread {
            match self.engine.find(sid) {
                Some(session) => debts.add_waiting(session, bytes),
                None => debts.orphaned = debts.orphaned.saturating_add(bytes),
            }
        }
        self.engine.measure(unsent, &mut debts);
        for session in self.engine.sessions() {
            let Some(client) = self.clients.get(session) else { continue };
            debts.add(session, self.stored_of(client).saturating_sub(client.stored_packet));
            let unfinished = client.decoder.waiting_bytes();
            if client.unfinished.is_in_memory() {
                debts.add_waiting(session, unfinished);
            } else {
                debts.add(session, unfinished);
            }
        }
        debts.unowned = self.pending_acks.bytes();
        for (session, bytes) in self.inbox.sizes() {
            debts.add(session, bytes);
        }
        debts
    }

    /// Returns the bytes of packets that are unfinished, and of those that wait for their turn. They are counted all the time.
    pub const fn received_bytes(&self) -> (usize, usize) {
        (self.clients.unfinished_bytes, self.inbox.cost())
    }

    /// Sets whether nothing may be added to what sessions owe: the isolate has no memory for it.
    pub const fn set_full(&mut self, is_full: bool) {
        self.clients.is_full = is_full;
    }
}
