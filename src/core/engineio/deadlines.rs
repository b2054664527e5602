//! The deadlines of sessions, and the next tick of the shared heartbeat.

use crate::config::Config;
use crate::core::table::{DeadlineQueue, SlotMap};
use crate::id::SessionKey;
use crate::time::Timestamp;

/// The deadlines of sessions: those that survive hibernation wake the world by its alarm, the others use a timer in memory.
#[derive(Debug, Default)]
pub(crate) struct Deadlines {
    by_session: SlotMap<(Timestamp, bool)>,
    memory: DeadlineQueue,
    durable: DeadlineQueue,
    /// The shared heartbeat's next tick.
    pub tick: Tick,
}

/// When the shared heartbeat ticks next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tick {
    /// Never: no WebSocket shares it.
    #[default]
    Off,
    /// At the time of the alarm that was set before hibernation; the shell must look it up.
    Unknown,
    /// At this time.
    At(Timestamp),
}

impl Deadlines {
    /// Sets or removes a session's deadline. One that is `durable` survives hibernation.
    pub(crate) fn set(&mut self, key: SessionKey, deadline: Option<Timestamp>, durable: bool) {
        let new = deadline.map(|at| (at, durable));
        if self.by_session.get(key).copied() == new {
            return;
        }
        self.remove(key);
        if let Some((at, durable)) = new {
            self.by_session.insert(key, (at, durable));
            self.set_of(durable).insert(at, 0, key.0);
        }
    }

    /// Removes a session's deadline.
    pub(crate) fn remove(&mut self, key: SessionKey) {
        if let Some((at, durable)) = self.by_session.remove(key) {
            self.set_of(durable).remove(at, 0, key.0);
        }
    }

    /// Removes a deadline that has passed, and returns its session.
    pub(crate) fn take_due(&mut self, now: Timestamp) -> Option<SessionKey> {
        let (.., key) = self.memory.first_until(now).or_else(|| self.durable.first_until(now))?;
        self.remove(SessionKey(key));
        Some(SessionKey(key))
    }

    /// Returns the earliest deadline of the sessions that live in memory only.
    pub(crate) fn first_in_memory(&self) -> Option<Timestamp> {
        self.memory.first_at()
    }

    /// Returns the earliest deadline that survives hibernation, without the shared heartbeat's tick.
    pub(crate) fn first_durable(&self) -> Option<Timestamp> {
        self.durable.first_at()
    }

    /// Starts the shared heartbeat at `now`, if it does not tick already.
    pub(crate) fn start_tick(&mut self, now: Timestamp, config: &Config) {
        if self.tick == Tick::Off {
            self.tick = Tick::At(now.after(config.ping_interval));
        }
    }

    /// Marks the next tick as unknown after hibernation: only the object's alarm has its time.
    pub(crate) const fn set_tick_unknown(&mut self) {
        self.tick = Tick::Unknown;
    }

    /// Returns the latest time at which the next tick may be.
    pub(crate) fn tick_at_latest(&self, now: Timestamp, config: &Config) -> Timestamp {
        match self.tick {
            Tick::At(at) => at,
            Tick::Off | Tick::Unknown => now.after(config.ping_interval),
        }
    }

    const fn set_of(&mut self, durable: bool) -> &mut DeadlineQueue {
        if durable { &mut self.durable } else { &mut self.memory }
    }
}
