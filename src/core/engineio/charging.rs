//! The accounts of sessions: what their clients cause is charged to them, and who exceeds it is refused, and in the end closed.

use super::closing::Closing;
use super::engine::Engine;
use crate::core::account::{Account, AccountId, Cost, Standing, Waiting};
use crate::core::effect::{CloseCode, Effects};
use crate::error::Reason;
use crate::id::SessionKey;
use crate::time::Timestamp;

/// What became of a client of which a packet was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It goes on, and no packet of it was refused for a while.
    First,
    /// It goes on.
    Again,
    /// It is closed.
    Closed,
}

impl Engine {
    /// Returns the account of a session; `None` if the session has ended.
    pub fn account_of(&self, key: SessionKey) -> Option<AccountId> {
        Some(AccountId { session: key, number: self.sessions.get(key.0)?.account.number? })
    }

    /// Returns an account; `None` if its session has ended.
    pub fn account(&self, id: AccountId) -> Option<&Account> {
        Some(&self.sessions.get(id.session.0)?.account).filter(|account| account.number == Some(id.number))
    }

    /// Notes that a handler with arguments of `bytes` bytes waits on the account of its client, or has finished.
    pub fn set_waiting(&mut self, id: AccountId, bytes: usize, waits: bool) {
        if self.account(id).is_none() {
            return;
        }
        if let Some(session) = self.sessions.get_mut(id.session.0) {
            let Waiting { handlers, bytes: all } = &mut session.account.waiting;
            if waits {
                (*handlers, *all) = (handlers.saturating_add(1), all.saturating_add(bytes));
            } else {
                (*handlers, *all) = (handlers.saturating_sub(1), all.saturating_sub(bytes));
            }
        }
    }

    /// Charges a cost to a session. Marks its snapshot as changed if its client is in arrears.
    pub fn charge(&mut self, now: Timestamp, key: SessionKey, cost: Cost, amount: usize) {
        let allowance = &self.allowance;
        if let Some(session) = self.sessions.get_mut(key.0)
            && session.account.charge(now, cost, amount, allowance)
        {
            self.touched.insert(key);
        }
    }

    /// Returns whether a session has spent more than half of what it may of a kind of cost.
    pub fn is_half_spent(&self, key: SessionKey, cost: Cost) -> bool {
        let allowance = &self.allowance;
        self.sessions.get(key.0).is_some_and(|session| session.account.is_half_spent(cost, allowance))
    }

    /// Returns whether a session may go on.
    pub fn standing(&self, key: SessionKey) -> Standing {
        let allowance = &self.allowance;
        self.sessions.get(key.0).map_or(Standing::Good, |session| session.account.standing(allowance))
    }

    /// Handles that a packet of `bytes` bytes of a session was refused: closes the session, with 1008, if that happened too often.
    pub fn handle_refused(&mut self, now: Timestamp, key: SessionKey, bytes: usize, fx: &mut Effects) -> Refused {
        let allowance = &self.allowance;
        let Some(session) = self.sessions.get_mut(key.0) else { return Refused::Again };
        let is_first = session.account.refuse(now, bytes, allowance);
        if session.account.is_exhausted(allowance) {
            self.drop_offender(key, fx);
            return Refused::Closed;
        }
        if is_first { Refused::First } else { Refused::Again }
    }

    /// Ends a session at once, and closes its WebSocket with 1008: its client exceeded what it may cause.
    pub fn drop_offender(&mut self, key: SessionKey, fx: &mut Effects) {
        let closing = Closing { code: CloseCode::PolicyViolation, ..Closing::new(Reason::ForcedClose) };
        self.drop_session(key, closing, fx);
    }
}
