//! What changed in a turn -> attachments, and rows in the database.

use super::attachment;
use super::platform::{Platform, RowKind};
use super::spilled_rows::{Planned, SpilledRows, log_undeleted};
use super::stored_alarms;
use super::wake::LoadedWorld;
use crate::core::engineio::HeartbeatState;
use crate::core::snapshot::{Changes, SessionSnapshot, SessionState, StateChanges};
use crate::id::ConnId;
use crate::limits::{LONG_TEXTS_BYTES, MAX_ATTACHMENT_BYTES};
use crate::log::Record;
use crate::time::{Timestamp, earlier};
use crate::value::json_writer::{push_array, push_quoted};

impl LoadedWorld {
    /// Writes what has changed; returns the WebSockets whose snapshots could not be written.
    pub(super) fn write_all<P: Platform>(&mut self, platform: &mut P) -> Vec<ConnId> {
        let Changes { conns, alarms } = self.world.server().take_changes();
        for name in alarms {
            let alarm = self.world.server().stored_alarm(&name);
            if let Err(problem) = stored_alarms::write(platform, &name, alarm.as_ref()) {
                // If it has rung, it rings again when the world has slept.
                let record = Record::error(format_args!("the row of an alarm could not be changed: {problem}"));
                self.log.write(platform, record.event(Some((&*name).into())));
            }
        }
        self.write_sessions(platform, conns)
    }

    /// Returns when the shell needs the timer for something of its own: a snapshot, the roster, or to measure what is owed.
    pub(super) fn next_due(&self, now: Timestamp) -> Option<Timestamp> {
        let roster = self.roster.next_timeout(now);
        earlier(earlier(self.late_writes.first_at(), roster), self.share.next_due())
    }

    /// Returns how many rows the sessions have in the database.
    pub(super) fn rows_of_sessions(&self) -> usize {
        self.rows.values().map(SpilledRows::rows).sum()
    }

    /// Deletes the rows that a WebSocket has in the database.
    pub(super) fn delete_rows<P: Platform>(&mut self, platform: &mut P, conn: ConnId) {
        let Some(rows) = self.rows.remove(conn) else { return };
        if let Some(at) = rows.late {
            self.late_writes.remove(at, conn);
        }
        let deleted = rows.delete(platform);
        log_undeleted(&mut self.log, platform, deleted);
    }

    /// Writes the snapshots of sessions, and those that had to wait until now; returns the WebSockets of those that could not be
    /// written. Must be called after everything has been sent, because the runtime delays what is sent after a write.
    fn write_sessions<P: Platform>(&mut self, platform: &mut P, mut conns: Vec<ConnId>) -> Vec<ConnId> {
        while let Some(conn) = self.late_writes.take_due(platform.now()) {
            if let Some(rows) = self.rows.get_mut(conn) {
                rows.late = None;
            }
            conns.push(conn);
        }
        let mut failed = Vec::new();
        for conn in conns {
            if self.rows.get(conn).is_some_and(|rows| rows.late.is_some()) {
                continue;
            }
            let snapshot = self.world.server().snapshot_session(conn);
            let Some(snapshot) = snapshot else { continue };
            if let Err(problem) = self.write_snapshot(platform, conn, snapshot) {
                self.log.error(platform, format_args!("a snapshot could not be written: {problem}"));
                failed.push(conn);
            }
        }
        // One that was too long is mostly not followed by another.
        self.attachment.clear();
        self.attachment.shrink_to(MAX_ATTACHMENT_BYTES);
        failed
    }

    /// Writes a snapshot, or notes that it is to be written later: the rows that a session causes have a rate.
    fn write_snapshot<P: Platform>(
        &mut self,
        platform: &mut P,
        conn: ConnId,
        mut snapshot: SessionSnapshot,
    ) -> Result<(), String> {
        let SessionSnapshot { header, body, parts, changes } = &mut snapshot;
        let sid = body.sid;
        let planned = plan(*header, body, *changes, self.rows.get(conn), &mut self.attachment);
        let is_spilled = !matches!(planned, [Planned::None, Planned::None]) || !parts.is_empty();
        if is_spilled && self.rows.get(conn).is_none() {
            self.rows.insert(conn, SpilledRows::new(sid));
        }
        if let Some(rows) = self.rows.get_mut(conn) {
            let written = rows.write(platform, planned, (parts, changes.packets), &mut self.log);
            let wait = written.map_err(|error| format!("{error:?}"))?;
            if let Some(at) = wait {
                rows.late = Some(at);
                self.late_writes.insert(at, conn);
                return Ok(());
            }
        }
        platform.attach(conn, &self.attachment).map_err(|error| format!("{error:?}"))
    }
}

/// Writes the attachment of a snapshot, and returns what is to become of its rows of each kind.
fn plan(
    header: HeartbeatState,
    body: &mut SessionState,
    changes: StateChanges,
    stored: Option<&SpilledRows>,
    attachment: &mut String,
) -> [Planned; 2] {
    let sid = body.sid;
    let bytes_of_texts = body.bytes_of_texts();
    if bytes_of_texts <= MAX_ATTACHMENT_BYTES && attachment::write(header, Ok(body), None, attachment) {
        return [Planned::None, Planned::None];
    }
    let is_stored = |kind, changes| stored.is_some_and(|stored| stored.is_stored(kind, changes));
    let (mut texts, mut texts_of) = (Planned::None, None);
    if bytes_of_texts >= LONG_TEXTS_BYTES {
        texts_of = Some(sid);
        texts = if is_stored(RowKind::Texts, changes.texts) {
            Planned::Same
        } else {
            let mut json = String::new();
            push_array(body.texts(), &mut json, |text, out| push_quoted(&text, out));
            Planned::Rows(attachment::to_rows(&json), changes.texts)
        };
        body.drop_texts();
        if attachment::write(header, Ok(body), texts_of, attachment) {
            return [texts, Planned::None];
        }
    }
    // The rows of a state that is to have its texts must not be those of one without them.
    let is_alike = stored.is_some_and(|stored| stored.has_texts() == texts_of.is_some());
    let body = if is_alike && is_stored(RowKind::Body, changes.all) {
        Planned::Same
    } else {
        let mut json = String::new();
        body.write(&mut json);
        Planned::Rows(attachment::to_rows(&json), changes.all)
    };
    // Without a state, it always fits.
    attachment::write(header, Err(sid), texts_of, attachment);
    [texts, body]
}
