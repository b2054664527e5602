//! The rows in the object's database for what does not fit into the attachment of a WebSocket.

use super::platform::{Half, Platform};
use super::row_budget::RowBudget;
use crate::core::snapshot::Parts;
use crate::id::Sid;
use crate::time::Timestamp;

/// The rows of one session. They are kept in memory after the last row was deleted, for their budget.
#[derive(Debug)]
pub(super) struct SpilledRows {
    /// The session's id, which names the rows.
    sid: Sid,
    /// The half of the state that changes only when the client joins or leaves a namespace.
    identity: Option<StoredHalf>,
    /// The other half.
    rest: Option<StoredHalf>,
    /// The places of the long attachments of the unfinished packet, as they were written.
    parts: Vec<usize>,
    /// How many stored packets had ended before that one.
    packet: u32,
    budget: RowBudget,
    /// When a snapshot that had to wait for the budget is written.
    pub late: Option<Timestamp>,
}

/// A half of a session's state that is in rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct StoredHalf {
    /// How often it had changed when it was written.
    pub changes: u32,
    /// How many rows it has.
    pub rows: usize,
}

/// What is to become of the rows of a half.
#[derive(Debug)]
pub(super) enum Planned {
    /// There are to be none.
    None,
    /// They are to stay as they are.
    Same,
    /// These are to replace them; the half had changed so often.
    Rows(Vec<Vec<u8>>, u32),
}

impl SpilledRows {
    /// Returns the rows of a session that has none yet.
    pub(super) const fn new(sid: Sid) -> Self {
        Self { sid, identity: None, rest: None, parts: Vec::new(), packet: 0, budget: RowBudget::UNUSED, late: None }
    }

    /// Returns the rows that were found when the world was loaded, since when nothing has changed.
    pub(super) fn found(now: Timestamp, sid: Sid, [identity, rest]: [usize; 2], parts: &Parts) -> Self {
        let half = |rows| (rows > 0).then_some(StoredHalf { changes: 0, rows });
        let parts = parts.keys().copied().collect();
        let budget = RowBudget::used_up(now);
        Self { identity: half(identity), rest: half(rest), parts, budget, ..Self::new(sid) }
    }

    /// Returns whether there are no rows.
    pub(super) const fn is_empty(&self) -> bool {
        self.identity.is_none() && self.rest.is_none() && self.parts.is_empty()
    }

    /// Returns whether the rows of a half are those of this state.
    pub(super) fn is_stored(&self, half: Half, changes: u32) -> bool {
        self.half(half).is_some_and(|stored| stored.changes == changes)
    }

    /// Writes the rows that differ from the plan, and deletes those that are not in it. Returns when that may be done, if the
    /// session has caused too many rows: then nothing is written. Rows that cannot be deleted are logged: this snapshot does not
    /// need them, and later ones overwrite or delete them.
    ///
    /// # Errors
    /// The platform could not write a row.
    pub(super) fn write<P: Platform>(
        &mut self,
        platform: &mut P,
        [identity, rest]: [Planned; 2],
        (parts, packet): (&Parts, u32),
    ) -> Result<Option<Timestamp>, P::Error> {
        let now = platform.now();
        // Rows of another packet, if its end had to wait for the budget.
        let are_over = parts.is_empty() || packet != self.packet;
        let new = parts.keys().filter(|place| are_over || !self.parts.contains(place)).count();
        let over = if are_over { self.parts.len() } else { 0 };
        let halves = self.cost(&identity, Half::Identity).saturating_add(self.cost(&rest, Half::Rest));
        let cost = halves.saturating_add(new).saturating_add(over);
        if cost == 0 {
            return Ok(None);
        }
        if let Some(at) = self.budget.wait(now) {
            return Ok(Some(at));
        }
        self.budget.spend(now, cost);
        self.write_half(platform, Half::Identity, identity)?;
        self.write_half(platform, Half::Rest, rest)?;
        if over > 0 {
            self.parts.clear();
            let deleted = platform.delete_parts(self.sid);
            log_undeleted(platform, deleted);
        }
        self.packet = packet;
        for (&place, bytes) in parts {
            if !self.parts.contains(&place) {
                self.parts.push(place);
                platform.write_part(self.sid, place, bytes)?;
            }
        }
        Ok(None)
    }

    /// Deletes all rows.
    ///
    /// # Errors
    /// The platform failed to delete some; it is called for all in any case.
    pub(super) fn delete<P: Platform>(self, platform: &mut P) -> Result<(), P::Error> {
        let identity = if self.identity.is_some() { platform.delete_half(self.sid, Half::Identity) } else { Ok(()) };
        let rest = if self.rest.is_some() { platform.delete_half(self.sid, Half::Rest) } else { Ok(()) };
        let parts = if self.parts.is_empty() { Ok(()) } else { platform.delete_parts(self.sid) };
        identity.and(rest).and(parts)
    }

    fn write_half<P: Platform>(&mut self, platform: &mut P, half: Half, planned: Planned) -> Result<(), P::Error> {
        let sid = self.sid;
        let stored = self.half_mut(half);
        match planned {
            Planned::None if stored.take().is_some() => {
                let deleted = platform.delete_half(sid, half);
                log_undeleted(platform, deleted);
                Ok(())
            }
            Planned::None | Planned::Same => Ok(()),
            Planned::Rows(rows, changes) => {
                *stored = Some(StoredHalf { changes, rows: rows.len() });
                platform.write_half(sid, half, &rows)
            }
        }
    }

    /// Returns how many rows are written or deleted for a half.
    fn cost(&self, planned: &Planned, half: Half) -> usize {
        let stored = self.half(half).map_or(0, |stored| stored.rows);
        match planned {
            Planned::None => stored,
            Planned::Same => 0,
            Planned::Rows(rows, _) => rows.len().max(stored),
        }
    }

    const fn half(&self, half: Half) -> Option<StoredHalf> {
        match half {
            Half::Identity => self.identity,
            Half::Rest => self.rest,
        }
    }

    const fn half_mut(&mut self, half: Half) -> &mut Option<StoredHalf> {
        match half {
            Half::Identity => &mut self.identity,
            Half::Rest => &mut self.rest,
        }
    }
}

/// Logs that rows could not be deleted.
pub(super) fn log_undeleted<P: Platform>(platform: &mut P, deleted: Result<(), P::Error>) {
    if let Err(error) = deleted {
        platform.log_error(&format!("dormouse: a snapshot could not be deleted: {error:?}"));
    }
}
