//! A turn of the loaded world: performs its effects through the platform, and stores what changed.

use super::attachment;
use super::platform::Platform;
use super::spilled_rows::SpilledRows;
use super::stored_alarms;
use super::wake::LoadedWorld;
use crate::core::effect::{Effect, Response};
use crate::core::input::Input;
use crate::core::snapshot::{Changes, Parts, SessionSnapshot};
use crate::error::Reason;
use crate::id::ConnId;
use crate::time::Timestamp;

impl LoadedWorld {
    /// Handles an input, performs its effects, and stores what changed.
    pub(super) fn turn<P: Platform>(&mut self, platform: &mut P, input: Input) {
        let now = platform.now();
        self.step(platform, now, input);
        while self.world.server().has_more() {
            self.step(platform, now, Input::Continue);
        }
        for conn in self.write_all(platform) {
            // The world would lose this session when it sleeps. If the session ends now, its client connects again.
            self.step(platform, now, Input::Closed { conn, reason: Reason::TransportError });
            self.delete_rows(platform, conn);
            platform.close(conn, 1011);
        }
    }

    /// Deletes the rows that a WebSocket has in the database.
    pub(super) fn delete_rows<P: Platform>(&mut self, platform: &mut P, conn: ConnId) {
        let Some(rows) = self.rows.remove(conn) else { return };
        if let Err(error) = rows.delete(platform) {
            platform.log_error(&format!("dormouse: a snapshot could not be deleted: {error:?}"));
        }
    }

    /// Writes what has changed; returns the WebSockets whose snapshots could not be written.
    pub(super) fn write_all<P: Platform>(&mut self, platform: &mut P) -> Vec<ConnId> {
        let Changes { conns, world } = self.world.server().take_changes();
        if let Some(world) = world
            && let Err(problem) = stored_alarms::write(platform, &world)
        {
            platform.log_error(&format!("dormouse: the named alarms could not be written: {problem}"));
        }
        self.write_sessions(platform, conns)
    }

    /// Handles an input and performs its effects. Clients that read too slowly are closed, which may send something to
    /// others.
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

    /// Performs the effects; returns the WebSockets that have too many unsent bytes.
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
                    self.delete_rows(platform, conn);
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
