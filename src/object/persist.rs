//! Effects become calls of the runtime, and what changed is written down.

use super::attachment;
use super::platform::Platform;
use super::wake::{ALARMS_KEY, LoadedWorld, SpilledRows};
use crate::core::effect::{Effect, Response};
use crate::core::input::Input;
use crate::core::snapshot::{Parts, Snapshot};
use crate::error::Reason;
use crate::id::ConnId;
use crate::time::Timestamp;

impl LoadedWorld {
    /// Handles an input and does what it causes.
    pub(crate) fn turn<P: Platform>(&mut self, platform: &mut P, input: Input) {
        let now = platform.now();
        self.step(platform, now, input);
        while self.world.server().has_more() {
            self.step(platform, now, Input::Continue);
        }
        for conn in self.write_all(platform) {
            // What cannot be written would be lost by the next nap; better now, and its client comes again.
            self.step(platform, now, Input::Closed { conn, reason: Reason::TransportError });
            self.forget_rows(platform, conn);
            platform.close(conn, 1011);
        }
    }

    /// Deletes what a socket has in the database.
    pub(crate) fn forget_rows<P: Platform>(&mut self, platform: &mut P, conn: ConnId) {
        let Some(SpilledRows { sid, has_body, parts }) = self.rows.remove(conn) else { return };
        let body = if has_body { platform.delete_body(sid) } else { Ok(()) };
        let parts = if parts.is_empty() { Ok(()) } else { platform.delete_parts(sid) };
        if let Err(error) = body.and(parts) {
            platform.log_error(&format!("dormouse: a snapshot could not be deleted: {error:?}"));
        }
    }

    /// Writes what has changed; gives the sockets whose snapshots could not be written.
    pub(crate) fn write_all<P: Platform>(&mut self, platform: &mut P) -> Vec<ConnId> {
        self.write_alarms(platform);
        self.write(platform)
    }

    /// Handles an input and performs its effects. Whoever reads too slowly is closed, which may cause something to be sent
    /// to others.
    fn step<P: Platform>(&mut self, platform: &mut P, now: Timestamp, input: Input) {
        self.handle(platform, now, input);
        loop {
            let slow = self.perform(platform);
            if slow.is_empty() {
                return;
            }
            for conn in slow {
                self.handle(platform, now, Input::Overflowed { conn });
            }
        }
    }

    fn handle<P: Platform>(&mut self, platform: &mut P, now: Timestamp, input: Input) {
        self.world.handle(now, input, &mut || platform.entropy(), &mut self.fx);
    }

    /// Performs the effects; gives who has too much unsent.
    fn perform<P: Platform>(&mut self, platform: &mut P) -> Vec<ConnId> {
        let mut slow = Vec::new();
        let mut effects = self.fx.take();
        for effect in effects.drain(..) {
            match effect {
                Effect::Send { conn, frames, volatile } => {
                    if platform.send(conn, &frames, volatile) {
                        slow.push(conn);
                    }
                }
                Effect::Broadcast { recipients, frames, volatile } => {
                    platform.broadcast(self.fx.recipients(&recipients), &frames, volatile, &mut slow);
                }
                Effect::Close { conn, code } => {
                    platform.close(conn, code.as_u16());
                    self.forget_rows(platform, conn);
                }
                Effect::Respond { request, response } => {
                    if let Response::Refused(refusal) = &response {
                        self.refused = Some((request, refusal.clone()));
                    }
                    platform.respond(request, response);
                }
                Effect::Log(line) => platform.log_error(&format!("dormouse: {line}")),
                Effect::Note(line) => platform.log(&line),
            }
        }
        self.fx.recycle(effects);
        slow
    }

    /// Writes the snapshots that may have changed: after sending, because the runtime holds what is sent after a write. Gives
    /// those that could not be written.
    fn write<P: Platform>(&mut self, platform: &mut P) -> Vec<ConnId> {
        let mut failed = Vec::new();
        let touched = self.world.server().take_touched();
        for conn in touched {
            let snapshot = self.world.server().snapshot(conn);
            let Some(snapshot) = snapshot else { continue };
            if let Err(problem) = self.write_snapshot(platform, conn, &snapshot) {
                platform.log_error(&format!("dormouse: a snapshot could not be written: {problem}"));
                failed.push(conn);
            }
        }
        failed
    }

    /// Writes the named alarms, if they changed.
    fn write_alarms<P: Platform>(&mut self, platform: &mut P) {
        let Some(alarms) = self.world.server().take_alarms() else { return };
        // A name, a number and a text always serialise.
        let text = (!alarms.is_empty()).then(|| serde_json::to_string(&alarms).unwrap_or_default());
        if let Err(problem) = platform.store().write(ALARMS_KEY, text.as_deref()) {
            platform.log_error(&format!("dormouse: the named alarms could not be written: {problem}"));
        }
    }

    fn write_snapshot<P: Platform>(
        &mut self,
        platform: &mut P,
        conn: ConnId,
        snapshot: &Snapshot,
    ) -> Result<(), String> {
        let Snapshot { header, body, parts } = snapshot;
        let written = attachment::write(*header, body).map_err(|error| error.to_string())?;
        let sid = body.sid;
        let rows = self.rows.remove(conn);
        if !written.spilled.is_empty() || !parts.is_empty() || rows.is_some() {
            let mut rows = rows.unwrap_or_else(|| SpilledRows::new(sid));
            let result = rows.write(platform, &written.spilled, parts);
            if rows.has_body || !rows.parts.is_empty() {
                self.rows.insert(conn, rows);
            }
            result.map_err(|error| format!("{error:?}"))?;
        }
        if platform.attach(conn, &written.attachment) { Ok(()) } else { Err("the runtime refused it".to_owned()) }
    }
}

impl SpilledRows {
    /// Writes what does not fit into the attachment, and deletes what does again.
    fn write<P: Platform>(&mut self, platform: &mut P, body: &[Vec<u8>], parts: &Parts) -> Result<(), P::Error> {
        let sid = self.sid;
        if !body.is_empty() {
            platform.write_body(sid, body)?;
            self.has_body = true;
        } else if core::mem::take(&mut self.has_body) {
            platform.delete_body(sid)?;
        }
        for (&place, bytes) in parts {
            if !self.parts.contains(&place) {
                self.parts.push(place);
                platform.write_part(sid, place, bytes)?;
            }
        }
        if parts.is_empty() && !core::mem::take(&mut self.parts).is_empty() {
            platform.delete_parts(sid)?;
        }
        Ok(())
    }
}
