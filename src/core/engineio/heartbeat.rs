//! Heartbeats: the server pings, the client answers (Engine.IO 4, "Heartbeat").
//!
//! Where the ping interval lets the world sleep, one tick pings every WebSocket and the runtime answers the pongs; what
//! is known at the next tick is when it answered each one last. Otherwise, and while a session polls, each session has
//! its own exact times.

use core::time::Duration;

use serde::{Deserialize, Serialize};

use crate::config::Config;
use crate::time::Timestamp;

/// Where a session is in its heartbeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Heartbeat {
    /// Its own: the next ping is due at this time.
    #[serde(rename = "p")]
    Resting(Timestamp),
    /// Its own: the ping was sent, the pong is due by this time.
    #[serde(rename = "w")]
    Pinged(Timestamp),
    /// The shared one: since when a ping is unanswered, as far as that is known.
    #[serde(rename = "s")]
    Shared(Option<Timestamp>),
}

/// What the heartbeat needs, readable without the rest, so that a tick does not rebuild the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeartbeatState {
    /// When the session took this WebSocket.
    pub since: Timestamp,
    /// When it is closed unless it joins a namespace.
    pub expires: Option<Timestamp>,
    /// When the layer above wants to be woken for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Timestamp>,
    /// Where it is in its heartbeat.
    pub heartbeat: Heartbeat,
}

/// What the sweep of a tick finds about one WebSocket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It answers, or still has time to.
    Alive,
    /// Silent for too long, but it may not have been pinged: if it stays silent from now on, it is dead.
    Suspect,
    /// It did not answer a ping in time.
    Dead,
}

/// Judges the WebSockets of one tick.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sweep {
    now: Timestamp,
    timeout: Duration,
    /// Longest silence of a client that was pinged on time and answered.
    patience: Duration,
    /// When any of the world's sockets was heard last.
    latest: Timestamp,
}

impl Sweep {
    /// Makes a sweep at `now` of a world whose sockets were heard last at the times in `last_pong`.
    pub(crate) fn new(now: Timestamp, config: &Config, last_pong: impl IntoIterator<Item = Timestamp>) -> Self {
        Self {
            now,
            timeout: config.ping_timeout,
            patience: config.ping_interval.saturating_add(config.ping_timeout),
            latest: last_pong.into_iter().max().unwrap_or_default(),
        }
    }

    /// Returns what is known about a socket that was heard last at `last_pong` (or took its transport then) and has had a ping
    /// unanswered since `unanswered`.
    ///
    /// After a nap it is not known when the last ping went out, and an alarm may be late. So a long silence alone
    /// does not show that a socket is dead: it does only when other sockets were heard in time, which shows that pings went out, or when
    /// it began with a ping that is remembered.
    pub(crate) fn judge(&self, last_pong: Timestamp, unanswered: Option<Timestamp>) -> Verdict {
        match unanswered {
            Some(ping) if last_pong < ping => {
                if self.now.since(ping) >= self.timeout {
                    Verdict::Dead
                } else {
                    Verdict::Alive
                }
            }
            _ if self.now.since(last_pong) <= self.patience => Verdict::Alive,
            _ if self.now.since(self.latest) <= self.patience => Verdict::Dead,
            _ => Verdict::Suspect,
        }
    }
}

/// What a tick finds in a world that sleeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SleepingTick {
    /// Everybody is well: all are to be pinged, and nothing needs to be built for it.
    Well {
        /// When the world is to be woken next; never, if it has no sockets.
        next: Option<Timestamp>,
    },
    /// Somebody is not, or has a heartbeat of its own: the world must wake.
    MustWake,
}

impl SleepingTick {
    /// Judges a world at `now` by what is written of its sockets, when each was heard, and when its first named alarm is due.
    pub fn judge(
        now: Timestamp,
        config: &Config,
        liveness: &[(HeartbeatState, Timestamp)],
        alarm: Option<Timestamp>,
    ) -> Self {
        let sweep = Sweep::new(now, config, liveness.iter().map(|&(_, last_pong)| last_pong));
        let is_well = |&(header, last_pong): &(HeartbeatState, Timestamp)| match header.heartbeat {
            Heartbeat::Shared(unanswered) => {
                sweep.judge(last_pong.max(header.since), unanswered) == Verdict::Alive
                    && [header.expires, header.due].into_iter().flatten().all(|at| at > now)
            }
            Heartbeat::Resting(_) | Heartbeat::Pinged(_) => false,
        };
        if !config.shares_heartbeat() || alarm.is_some_and(|at| at <= now) || !liveness.iter().all(is_well) {
            return Self::MustWake;
        }
        let tick = (!liveness.is_empty()).then(|| now.after(config.ping_interval));
        let wakeups = liveness.iter().flat_map(|(header, _)| [header.expires, header.due]).flatten();
        Self::Well { next: wakeups.chain(tick).chain(alarm).min() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    fn sweep(now: u64, last_pong: &[u64]) -> Sweep {
        Sweep::new(at(now), &Config::default(), last_pong.iter().map(|&s| at(s)))
    }

    #[test]
    fn a_socket_that_answered_the_last_ping_is_alive() {
        assert_eq!(sweep(50, &[25]).judge(at(25), None), Verdict::Alive);
    }

    #[test]
    fn a_silent_socket_among_live_ones_is_dead() {
        assert_eq!(sweep(50, &[0, 25]).judge(at(0), None), Verdict::Dead);
    }

    #[test]
    fn when_all_are_silent_the_alarm_may_have_been_late() {
        assert_eq!(sweep(100, &[0, 1]).judge(at(0), None), Verdict::Suspect);
        assert_eq!(sweep(125, &[0, 1]).judge(at(0), Some(at(100))), Verdict::Dead);
        assert_eq!(sweep(125, &[0, 101]).judge(at(101), Some(at(100))), Verdict::Alive);
    }

    #[test]
    fn a_remembered_ping_has_its_whole_timeout() {
        assert_eq!(sweep(19, &[]).judge(at(0), Some(at(1))), Verdict::Alive);
        assert_eq!(sweep(21, &[]).judge(at(0), Some(at(1))), Verdict::Dead);
    }
}
