//! What changed in a turn -> attachments, and rows in the database.

use super::attachment;
use super::platform::Platform;
use super::spilled_rows::{SpilledRows, log_undeleted};
use super::stored_alarms;
use super::wake::LoadedWorld;
use crate::core::snapshot::{Changes, Parts, SessionSnapshot};
use crate::id::ConnId;

impl LoadedWorld {
    /// Writes what has changed; returns the WebSockets whose snapshots could not be written.
    pub(super) fn write_all<P: Platform>(&mut self, platform: &mut P) -> Vec<ConnId> {
        let Changes { conns, alarms } = self.world.server().take_changes();
        for (name, alarm) in alarms {
            if let Err(problem) = stored_alarms::write(platform, &name, alarm.as_ref()) {
                platform.log_error(&format!("dormouse: the row of the alarm {name:?} could not be changed: {problem}"));
                self.world.server().note_unwritten_alarm(name);
            }
        }
        self.write_sessions(platform, conns)
    }

    /// Deletes the rows that a WebSocket has in the database.
    pub(super) fn delete_rows<P: Platform>(&mut self, platform: &mut P, conn: ConnId) {
        let Some(rows) = self.rows.remove(conn) else { return };
        let deleted = rows.delete(platform);
        log_undeleted(platform, deleted);
    }

    /// Writes the snapshots of sessions; returns the WebSockets of those that could not be written. Must be called after
    /// everything has been sent, because the runtime delays what is sent after a write.
    fn write_sessions<P: Platform>(&mut self, platform: &mut P, conns: Vec<ConnId>) -> Vec<ConnId> {
        let mut failed = Vec::new();
        for conn in conns {
            let snapshot = self.world.server().snapshot_session(conn);
            let Some(snapshot) = snapshot else { continue };
            if let Err(problem) = self.write_snapshot(platform, conn, &snapshot) {
                platform.log_error(&format!("dormouse: a snapshot could not be written: {problem}"));
                failed.push(conn);
            }
        }
        failed
    }

    fn write_snapshot<P: Platform>(
        &mut self,
        platform: &mut P,
        conn: ConnId,
        snapshot: &SessionSnapshot,
    ) -> Result<(), String> {
        let SessionSnapshot { header, body, parts } = snapshot;
        let written = attachment::write(*header, body).map_err(|error| error.to_string())?;
        let rows = self.rows.remove(conn);
        if !written.spilled.is_empty() || !parts.is_empty() || rows.is_some() {
            let mut rows = rows.unwrap_or_else(|| SpilledRows::new(body.sid, false, &Parts::new()));
            let result = rows.write(platform, &written.spilled, parts);
            if !rows.is_empty() {
                self.rows.insert(conn, rows);
            }
            result.map_err(|error| format!("{error:?}"))?;
        }
        if platform.attach(conn, &written.attachment) { Ok(()) } else { Err("the runtime refused it".to_owned()) }
    }
}
