//! The rows in the object's database for what does not fit into the attachment of a WebSocket.

use super::platform::Platform;
use crate::core::snapshot::Parts;
use crate::id::Sid;

/// The rows of one session.
#[derive(Debug)]
pub(super) struct SpilledRows {
    /// The session's id, which names the rows.
    sid: Sid,
    /// Whether the snapshot did not fit into the attachment.
    has_body: bool,
    /// The places of the long attachments of the unfinished packet, as they were written.
    parts: Vec<usize>,
}

impl SpilledRows {
    /// Returns the rows that were found when the world was read.
    pub(super) fn new(sid: Sid, has_body: bool, parts: &Parts) -> Self {
        Self { sid, has_body, parts: parts.keys().copied().collect() }
    }

    /// Returns whether there are no rows.
    pub(super) const fn is_empty(&self) -> bool {
        !self.has_body && self.parts.is_empty()
    }

    /// Writes what does not fit into the attachment, and deletes the rows of what fits now. Rows that cannot be deleted are
    /// logged: this snapshot does not need them, and later ones overwrite or delete them.
    ///
    /// # Errors
    /// The platform could not write a row.
    pub(super) fn write<P: Platform>(
        &mut self,
        platform: &mut P,
        body: &[Vec<u8>],
        parts: &Parts,
    ) -> Result<(), P::Error> {
        let sid = self.sid;
        if !body.is_empty() {
            platform.write_body(sid, body)?;
            self.has_body = true;
        } else if self.has_body {
            let deleted = platform.delete_body(sid);
            self.has_body = deleted.is_err();
            log_undeleted(platform, deleted);
        }
        for (&place, bytes) in parts {
            if !self.parts.contains(&place) {
                self.parts.push(place);
                platform.write_part(sid, place, bytes)?;
            }
        }
        if parts.is_empty() && !core::mem::take(&mut self.parts).is_empty() {
            let deleted = platform.delete_parts(sid);
            log_undeleted(platform, deleted);
        }
        Ok(())
    }

    /// Deletes all rows.
    ///
    /// # Errors
    /// The platform failed to delete the body or the attachments; it is called for both in any case.
    pub(super) fn delete<P: Platform>(self, platform: &mut P) -> Result<(), P::Error> {
        let body = if self.has_body { platform.delete_body(self.sid) } else { Ok(()) };
        let parts = if self.parts.is_empty() { Ok(()) } else { platform.delete_parts(self.sid) };
        body.and(parts)
    }
}

/// Logs that rows could not be deleted.
pub(super) fn log_undeleted<P: Platform>(platform: &mut P, deleted: Result<(), P::Error>) {
    if let Err(error) = deleted {
        platform.log_error(&format!("dormouse: a snapshot could not be deleted: {error:?}"));
    }
}
