//! The rows in the object's database for what does not fit into the attachment of a WebSocket.

use super::log_window::ErrorLog;
use super::platform::{Platform, RowKind};
use super::row_budget::RowBudget;
use crate::core::meter::Count;
use crate::core::snapshot::Parts;
use crate::id::Sid;
use crate::time::Timestamp;

/// The rows of one session. They are kept in memory after the last row was deleted, for their budget.
#[derive(Debug)]
pub(super) struct SpilledRows {
    /// The session's id, which names the rows.
    sid: Sid,
    /// Those of the headers and auth objects.
    texts: Option<StoredRows>,
    /// Those of the state.
    body: Option<StoredRows>,
    /// The places of the long attachments of the unfinished packet, as they were written.
    parts: Vec<usize>,
    /// How many stored packets had ended before that one.
    packet: u32,
    budget: RowBudget,
    /// When a snapshot that had to wait for the budget is written.
    pub late: Option<Timestamp>,
}

/// What is in rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct StoredRows {
    /// How often it had changed when it was written.
    pub changes: u32,
    /// How many rows it has.
    pub rows: usize,
}

/// What is to become of the rows of a kind.
#[derive(Debug)]
pub(super) enum Planned {
    /// There are to be none.
    None,
    /// They are to stay as they are.
    Same,
    /// These are to replace them; what they are of had changed so often.
    Rows(Vec<Vec<u8>>, u32),
}

impl SpilledRows {
    /// Returns the rows of a session that has none yet.
    pub(super) const fn new(sid: Sid) -> Self {
        Self { sid, texts: None, body: None, parts: Vec::new(), packet: 0, budget: RowBudget::UNUSED, late: None }
    }

    /// Returns the rows that were found when the world was loaded, since when nothing has changed.
    pub(super) fn found(now: Timestamp, sid: Sid, [texts, body]: [usize; 2], parts: &Parts) -> Self {
        let stored = |rows| (rows > 0).then_some(StoredRows { changes: 0, rows });
        let parts = parts.keys().copied().collect();
        let budget = RowBudget::used_up(now);
        Self { texts: stored(texts), body: stored(body), parts, budget, ..Self::new(sid) }
    }

    /// Returns whether headers and auth objects have rows of their own.
    pub(super) const fn has_texts(&self) -> bool {
        self.texts.is_some()
    }

    /// Returns whether there are no rows.
    pub(super) const fn is_empty(&self) -> bool {
        self.texts.is_none() && self.body.is_none() && self.parts.is_empty()
    }

    /// Returns whether the rows of a kind are those of this state.
    pub(super) fn is_stored(&self, kind: RowKind, changes: u32) -> bool {
        self.stored(kind).is_some_and(|stored| stored.changes == changes)
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
        [texts, body]: [Planned; 2],
        (parts, packet): (&Parts, u32),
        log: &mut ErrorLog,
    ) -> Result<Option<Timestamp>, P::Error> {
        let now = platform.now();
        // Rows of another packet, if its end had to wait for the budget.
        let are_over = parts.is_empty() || packet != self.packet;
        let new = parts.keys().filter(|place| are_over || !self.parts.contains(place)).count();
        let over = if are_over { self.parts.len() } else { 0 };
        let kinds = self.cost(&texts, RowKind::Texts).saturating_add(self.cost(&body, RowKind::Body));
        let cost = kinds.saturating_add(new).saturating_add(over);
        if cost == 0 {
            return Ok(None);
        }
        if let Some(at) = self.budget.wait(now) {
            return Ok(Some(at));
        }
        self.budget.spend(now, cost);
        platform.meter().add(Count::Rows, cost);
        self.write_kind(platform, RowKind::Texts, texts, log)?;
        self.write_kind(platform, RowKind::Body, body, log)?;
        if over > 0 {
            self.parts.clear();
            let deleted = platform.delete_parts(self.sid);
            log_undeleted(log, platform, deleted);
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
        platform.meter().add(Count::Rows, self.rows());
        let texts = if self.texts.is_some() { platform.delete_rows(self.sid, RowKind::Texts) } else { Ok(()) };
        let body = if self.body.is_some() { platform.delete_rows(self.sid, RowKind::Body) } else { Ok(()) };
        let parts = if self.parts.is_empty() { Ok(()) } else { platform.delete_parts(self.sid) };
        texts.and(body).and(parts)
    }

    fn write_kind<P: Platform>(
        &mut self,
        platform: &mut P,
        kind: RowKind,
        planned: Planned,
        log: &mut ErrorLog,
    ) -> Result<(), P::Error> {
        let sid = self.sid;
        let stored = self.stored_mut(kind);
        match planned {
            Planned::None if stored.take().is_some() => {
                let deleted = platform.delete_rows(sid, kind);
                log_undeleted(log, platform, deleted);
                Ok(())
            }
            Planned::None | Planned::Same => Ok(()),
            Planned::Rows(rows, changes) => {
                *stored = Some(StoredRows { changes, rows: rows.len() });
                platform.write_rows(sid, kind, &rows)
            }
        }
    }

    /// Returns how many rows are written or deleted of a kind.
    fn cost(&self, planned: &Planned, kind: RowKind) -> usize {
        let stored = self.stored(kind).map_or(0, |stored| stored.rows);
        match planned {
            Planned::None => stored,
            Planned::Same => 0,
            Planned::Rows(rows, _) => rows.len().max(stored),
        }
    }

    /// Returns how many rows there are, at least.
    pub(super) fn rows(&self) -> usize {
        [self.texts, self.body].into_iter().flatten().map(|stored| stored.rows).sum::<usize>() + self.parts.len()
    }

    const fn stored(&self, kind: RowKind) -> Option<StoredRows> {
        match kind {
            RowKind::Texts => self.texts,
            RowKind::Body => self.body,
        }
    }

    const fn stored_mut(&mut self, kind: RowKind) -> &mut Option<StoredRows> {
        match kind {
            RowKind::Texts => &mut self.texts,
            RowKind::Body => &mut self.body,
        }
    }
}

/// Logs that rows could not be deleted.
pub(super) fn log_undeleted<P: Platform>(log: &mut ErrorLog, platform: &mut P, deleted: Result<(), P::Error>) {
    if let Err(error) = deleted {
        log.error(platform, format_args!("a snapshot could not be deleted: {error:?}"));
    }
}
