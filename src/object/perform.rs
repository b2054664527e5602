//! A turn of the loaded world: its inputs, and their effects through the platform.

use super::alarm_and_timer::AlarmChange;
use super::platform::{Platform, Readers};
use super::traced_delivery::trace_delivery;
use super::wake::LoadedWorld;
use crate::core::effect::{CloseCode, Effect, Response};
use crate::core::input::Input;
use crate::core::link::Readings;
use crate::core::meter::{Code, Count};
use crate::error::{Reason, Refusal};
use crate::id::{ConnId, SessionKey};
use crate::time::Timestamp;

impl LoadedWorld {
    /// Handles an input, performs its effects, begins attempts at what is due, and stores what changed. If that is too much for one
    /// turn, the rest is left for later turns. Returns when the alarm may be changed.
    pub(super) fn turn<P: Platform>(&mut self, platform: &mut P, input: Input) -> AlarmChange {
        let now = platform.now();
        self.world.effects().add_work(1);
        self.note_input(&input);
        let is_timed = matches!(input, Input::Timeout | Input::Tick { .. });
        if matches!(input, Input::Due) {
            let (mut server, mut fx) = self.world.core();
            self.roster.end_lost(now, &mut server, &mut fx);
        }
        self.step(platform, now, input);
        while !self.world.is_spent() && self.world.server().has_more() {
            self.world.effects().add_work(1);
            self.step(platform, now, Input::Continue);
        }
        self.pay(platform, now);
        if self.world.is_spent() {
            self.world.go_on_later();
        }
        let mut change = if is_timed { AlarmChange::Now } else { AlarmChange::Later };
        if self.begin_due(platform, now) {
            change = AlarmChange::Synced;
        }
        loop {
            if self.world.server().take_moved_alarms() {
                change = change.max(AlarmChange::Now);
            }
            let failed = self.write_all(platform);
            if failed.is_empty() {
                self.update_roster(platform, now, is_timed);
                self.world.gauge(now);
                if self.world.has_late_acks() {
                    self.world.set_readings(readings(platform));
                    self.world.pass_late_acks();
                }
                return change;
            }
            for conn in failed {
                // The world would lose this session when it sleeps. If the session ends now, its client connects again.
                self.step(platform, now, Input::Closed { conn, reason: Reason::TransportError });
                self.delete_rows(platform, conn);
                platform.close(conn, 1011);
            }
            // What its handlers changed is to be stored, too. Each round ends a session, so there is a last one.
        }
    }

    /// Begins attempts at what the world does by itself, and at the handlers of those who were lost in a crash. While these wait for the
    /// disk, nothing else is begun: it would be made before it is on the disk.
    fn begin_due<P: Platform>(&mut self, platform: &mut P, now: Timestamp) -> bool {
        if self.roster.is_begun() {
            return false;
        }
        #[cfg(feature = "sql")]
        if self.world.is_held() {
            self.world.postpone_due(now);
            return false;
        }
        let has_lost = self.roster.begin();
        let has_begun = self.world.begin_due(now);
        if has_begun {
            self.perform(platform);
        }
        has_begun || has_lost
    }

    /// Handles an input and performs its effects. Clients that read too slowly are closed, which may send something to
    /// others.
    pub(super) fn step<P: Platform>(&mut self, platform: &mut P, now: Timestamp, input: Input) {
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
        let calls_handlers = !(self.is_cautious && matches!(input, Input::Timeout | Input::Tick { .. }));
        self.world.handle(now, input, calls_handlers, &mut || platform.entropy());
    }

    /// Performs the effects; returns the WebSockets that have too many unsent bytes.
    fn perform<P: Platform>(&mut self, platform: &mut P) -> Vec<ConnId> {
        let mut readers = Readers::default();
        let mut effects = self.world.effects().take();
        for effect in effects.drain(..) {
            self.note_effect(&effect);
            match effect {
                Effect::Send { conn, frames, volatile, payer } => {
                    platform.send(conn, &frames, volatile, &mut readers);
                    self.charge_queued(platform, payer, &mut readers);
                }
                Effect::Broadcast { recipients, frames, volatile, payer } => {
                    let fx = self.world.effects();
                    platform.broadcast(fx.recipients(&recipients), &frames, volatile, &mut readers);
                    drop(fx);
                    self.charge_queued(platform, payer, &mut readers);
                }
                Effect::Trace { conn, volatile, mut record } => {
                    let unsent = platform.unsent_bytes().get(conn.0 as usize).copied().unwrap_or_default();
                    trace_delivery(unsent as usize, volatile, &mut record);
                    platform.log(&record);
                }
                Effect::Close { conn, code } => {
                    self.count_close(code);
                    platform.close(conn, code.as_u16());
                    self.delete_rows(platform, conn);
                }
                Effect::Respond { request, response } => {
                    if let Response::Refused(refusal) = &response {
                        self.count_refusal(refusal);
                        self.refused = Some((request, refusal.clone()));
                    }
                    platform.respond(request, response);
                }
                Effect::Log(record) => self.log.write(platform, record),
                Effect::Alert(record) => self.log.alert(platform, record),
                Effect::Note(record) => platform.log(&record),
            }
        }
        self.world.effects().recycle(effects);
        readers.slow
    }

    fn count_close(&self, code: CloseCode) {
        let code = match code {
            CloseCode::Normal => return,
            CloseCode::PolicyViolation => Code::PolicyViolation,
            CloseCode::TooBig => Code::TooBig,
            CloseCode::TryAgainLater => Code::TryAgainLater,
        };
        self.world.effects().meter().add(Count::Refused(code), 1);
    }

    fn count_refusal(&self, refusal: &Refusal) {
        let code = match refusal {
            Refusal::UnknownSid => Code::UnknownSid,
            Refusal::Full => Code::Full,
            _ => Code::BadRequest,
        };
        self.world.effects().meter().add(Count::Refused(code), 1);
    }

    /// Charges who sent a packet for what its readers do not read as fast.
    fn charge_queued<P: Platform>(&mut self, platform: &P, payer: Option<SessionKey>, readers: &mut Readers) {
        let queued = core::mem::take(&mut readers.queued);
        if let Some(payer) = payer.filter(|_| queued > 0) {
            self.world.server().charge_queued(platform.now(), payer, queued);
        }
    }
}

/// Returns what the runtime knows of the WebSockets.
pub(super) fn readings<P: Platform>(platform: &P) -> Readings {
    Readings { unsent: platform.unsent_bytes(), last_pongs: platform.last_pongs() }
}
