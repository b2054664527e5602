//! The deadlines of sessions, the shared heartbeat's tick, and the times of the next ones.

use super::closing::Closing;
use super::deadlines::Tick;
use super::engine::Engine;
use super::heartbeat::{Heartbeat, Sweep, Verdict};
use super::session::Transport;
use super::wire::{NOOP, PING};
use crate::core::effect::{CloseCode, Effects};
use crate::core::table::SlotMap;
use crate::error::Reason;
use crate::id::{ConnId, SessionKey};
use crate::time::{Timestamp, earlier};
use crate::value::Frame;

/// When the alarm must wake the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wakeup {
    /// Never: the world has no WebSockets, named alarms or stored acknowledgements.
    Off,
    /// At this time.
    At(Timestamp),
    /// At the time of the alarm that was set before hibernation: the shell must look it up and pass it to
    /// [`Server::set_found_wakeup`](crate::core::server::Server::set_found_wakeup).
    Unknown,
}

impl Engine {
    /// Handles the deadlines of sessions and of the bodies of POSTs that have passed at `now`.
    pub fn handle_timeout(&mut self, now: Timestamp, fx: &mut Effects) {
        // Each iteration removes one deadline and sets at most one, later than `now`, so the loop ends.
        while let Some(key) = self.deadlines.take_due(now) {
            self.handle_deadline(now, key, fx);
            self.reschedule(key);
        }
        self.handle_late_posts(now, fx);
    }

    /// Handles the shared heartbeat's tick: drops the sessions that are dead, pings the others.
    pub fn handle_tick(&mut self, now: Timestamp, last_pongs: Vec<(ConnId, Timestamp)>, fx: &mut Effects) {
        if self.deadlines.tick == Tick::Off {
            return;
        }
        let sweep = Sweep::new(now, &self.config, last_pongs.iter().map(|&(_, at)| at));
        let mut pong_of = SlotMap::default();
        for (conn, at) in last_pongs {
            pong_of.insert(conn, at);
        }
        let mut dead = Vec::new();
        let mark = fx.mark();
        for (key, session) in self.sessions.iter_mut() {
            let (Transport::WebSocket { conn }, Heartbeat::Shared(unanswered)) =
                (&session.transport, session.heartbeat)
            else {
                continue;
            };
            let last = pong_of.get(*conn).copied().unwrap_or_default().max(session.since);
            let verdict = sweep.verdict(last, unanswered);
            if verdict == Verdict::Dead {
                dead.push(SessionKey(key));
                continue;
            }
            if verdict == Verdict::Suspect {
                self.touched.insert(SessionKey(key));
            }
            session.heartbeat = Heartbeat::Shared(unanswered.filter(|&ping| last < ping).or(Some(now)));
            fx.push_recipient(*conn);
        }
        fx.push_broadcast(mark, vec![Frame::text(PING)], false);
        self.deadlines.tick = Tick::At(now.after(self.config.ping_interval));
        for key in dead {
            self.drop_session(key, Closing::new(Reason::PingTimeout), fx);
        }
    }

    /// Returns whether the shared heartbeat must tick at `now`: whenever the alarm was due, for sessions or for the layer above,
    /// which needs it at `wants`. After hibernation it is unknown what the alarm was set for, and a world that stayed awake must
    /// behave in the same way.
    pub fn is_tick_due(&self, now: Timestamp, wants: Option<Timestamp>) -> bool {
        let deadline = self.deadlines.first_durable().into_iter().chain(wants).any(|at| at <= now);
        match self.deadlines.tick {
            Tick::At(at) => at <= now || deadline,
            Tick::Unknown => self.config.shares_heartbeat(),
            Tick::Off => false,
        }
    }

    /// Returns when [`handle_timeout`](Self::handle_timeout) must be called next for what lives in memory only.
    pub fn next_timeout(&self) -> Option<Timestamp> {
        earlier(self.deadlines.first_in_memory(), self.posts.first_due())
    }

    /// Returns when the alarm must wake the world, for sessions or for the layer above, which needs it at `wants`.
    pub fn next_wakeup(&self, wants: Option<Timestamp>) -> Wakeup {
        let durable = earlier(self.deadlines.first_durable(), wants);
        match self.deadlines.tick {
            Tick::Unknown if self.config.shares_heartbeat() => Wakeup::Unknown,
            Tick::At(at) => Wakeup::At(durable.map_or(at, |durable| durable.min(at))),
            Tick::Off | Tick::Unknown => durable.map_or(Wakeup::Off, Wakeup::At),
        }
    }

    /// Sets the time of the alarm that was set before hibernation as the next tick, which is at most a ping interval from `now`.
    pub fn set_found_wakeup(&mut self, now: Timestamp, alarm: Option<Timestamp>) {
        if self.deadlines.tick == Tick::Unknown {
            let latest = now.after(self.config.ping_interval);
            self.deadlines.tick = Tick::At(alarm.unwrap_or(latest).min(latest));
        }
    }

    fn handle_deadline(&mut self, now: Timestamp, key: SessionKey, fx: &mut Effects) {
        let due = |at: Timestamp| at <= now;
        let Some(session) = self.sessions.get_mut(key.0) else { return };
        if let Transport::Draining(draining) = &session.transport {
            if due(draining.until) {
                self.drop_draining(key, fx);
            } else if draining.probe.as_ref().is_some_and(|probe| probe.is_late(now)) {
                self.drop_probe(key, CloseCode::Normal, fx);
            }
            return;
        }
        if session.gives_up().is_some_and(due) {
            let is_expired = session.expires.is_some_and(due);
            let reason = if is_expired { Reason::ForcedServerClose } else { Reason::PingTimeout };
            self.close_session(now, key, reason, fx);
            return;
        }
        match session.heartbeat {
            Heartbeat::Pinged(pong_by) if due(pong_by) => {
                self.drop_session(key, Closing::new(Reason::PingTimeout), fx);
                return;
            }
            Heartbeat::Resting(at) if due(at) => {
                session.heartbeat = Heartbeat::Pinged(now.after(self.config.ping_timeout));
                self.send(key, vec![Frame::text(PING)], false, fx);
            }
            _ => {}
        }
        let Some(polling) = self.polling(key) else { return };
        let Some(probe) = &mut polling.probe else { return };
        if probe.is_late(now) {
            self.drop_probe(key, CloseCode::Normal, fx);
        } else if probe.take_noop(now) {
            polling.respond_payload(now, NOOP, fx);
        }
    }
}
