//! Heartbeats: the server pings, the client answers (Engine.IO 4, "Heartbeat").
//!
//! If the ping interval is long enough for hibernation (`SHARED_HEARTBEAT_FROM`), one tick pings every WebSocket, and the
//! runtime answers the pongs; the next tick learns the time of each WebSocket's last pong. With shorter intervals, and while a
//! session polls, each session has its own exact times.

use core::time::Duration;

use serde::Deserialize;

use crate::config::Config;
use crate::time::Timestamp;
use crate::value::json_writer::{push_number, push_option};

/// The state of a session's heartbeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Heartbeat {
    /// An own heartbeat: the next ping is due at this time.
    #[serde(rename = "p")]
    Resting(Timestamp),
    /// An own heartbeat: the ping was sent, and the pong is due by this time.
    #[serde(rename = "w")]
    Pinged(Timestamp),
    /// The shared heartbeat: the time of the first ping without an answer, if one is known.
    #[serde(rename = "s")]
    Shared(Option<Timestamp>),
}

/// The part of a session's snapshot that the heartbeat needs. It is read without the rest, so that a tick does not rebuild
/// the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct HeartbeatState {
    /// When the session took this WebSocket.
    pub since: Timestamp,
    /// When the session is closed unless it joins a namespace.
    pub expires: Option<Timestamp>,
    /// When the layer above needs the world awake for this session.
    #[serde(default)]
    pub due: Option<Timestamp>,
    /// The state of its heartbeat.
    pub heartbeat: Heartbeat,
    /// Until when its client pays for what others got because of it. It is here because it changes without the rest.
    #[serde(default)]
    pub sent: Option<Timestamp>,
    /// Until when its client pays for rows.
    #[serde(default)]
    pub rows: Option<Timestamp>,
}

impl HeartbeatState {
    /// Returns the state of a session that is opened at `since` with the shared heartbeat, and has joined.
    pub const fn new(since: Timestamp) -> Self {
        Self { since, expires: None, due: None, heartbeat: Heartbeat::Shared(None), sent: None, rows: None }
    }

    /// Appends its JSON.
    pub fn write(&self, out: &mut String) {
        out.push_str(r#"{"since":"#);
        push_number(self.since.as_millis(), out);
        out.push_str(r#","expires":"#);
        push_option(self.expires.map(Timestamp::as_millis), out);
        for (name, at) in [(r#","due":"#, self.due), (r#","sent":"#, self.sent), (r#","rows":"#, self.rows)] {
            if let Some(at) = at {
                out.push_str(name);
                push_number(at.as_millis(), out);
            }
        }
        let (variant, at) = match self.heartbeat {
            Heartbeat::Resting(at) => ("p", Some(at)),
            Heartbeat::Pinged(at) => ("w", Some(at)),
            Heartbeat::Shared(at) => ("s", at),
        };
        out.push_str(r#","heartbeat":{""#);
        out.push_str(variant);
        out.push_str("\":");
        push_option(at.map(Timestamp::as_millis), out);
        out.push_str("}}");
    }
}

/// What a sweep finds about one WebSocket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It answered, or still has time to.
    Alive,
    /// It was silent for too long, but may not have been pinged. If it does not answer the next ping, it is dead.
    Suspect,
    /// It did not answer a ping in time.
    Dead,
}

/// The check of all WebSockets at one tick.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sweep {
    now: Timestamp,
    timeout: Duration,
    /// The longest silence of a client that is pinged on time and answers.
    patience: Duration,
    /// The time of the latest pong of all WebSockets.
    latest: Timestamp,
}

impl Sweep {
    /// Creates a sweep at `now` of a world whose WebSockets sent their last pongs at the times in `last_pong`.
    pub(crate) fn new(now: Timestamp, config: &Config, last_pong: impl IntoIterator<Item = Timestamp>) -> Self {
        Self {
            now,
            timeout: config.ping_timeout,
            patience: config.ping_interval.saturating_add(config.ping_timeout),
            latest: last_pong.into_iter().max().unwrap_or_default(),
        }
    }

    /// Judges a WebSocket by `last_pong`, the time of its last pong or of its start as the session's transport, and by
    /// `unanswered`, the time of the first ping that it is known not to have answered.
    ///
    /// After hibernation, the time of the last ping is unknown, and an alarm may be late. So a long silence alone does not show
    /// that a WebSocket is dead. It does if other WebSockets answered in time, which shows that pings were sent, or if the time
    /// of the ping that was not answered is known.
    pub(crate) fn verdict(&self, last_pong: Timestamp, unanswered: Option<Timestamp>) -> Verdict {
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

/// What a tick finds in a world that hibernates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SleepingTick {
    /// All WebSockets are alive: the shell pings them without building the world.
    Well {
        /// When the world must wake next; `None` if it has neither WebSockets nor alarms.
        next: Option<Timestamp>,
    },
    /// The world must wake: a WebSocket may be dead or has a heartbeat of its own, or something else is due.
    MustWake,
}

impl SleepingTick {
    /// Judges a world at `now` by the heartbeat state and the last pong of each WebSocket, and by its earliest named alarm.
    pub fn decide(
        now: Timestamp,
        config: &Config,
        liveness: &[(HeartbeatState, Timestamp)],
        alarm: Option<Timestamp>,
    ) -> Self {
        let sweep = Sweep::new(now, config, liveness.iter().map(|&(_, last_pong)| last_pong));
        let is_well = |&(header, last_pong): &(HeartbeatState, Timestamp)| match header.heartbeat {
            Heartbeat::Shared(unanswered) => {
                sweep.verdict(last_pong.max(header.since), unanswered) == Verdict::Alive
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
        assert_eq!(sweep(50, &[25]).verdict(at(25), None), Verdict::Alive);
    }

    #[test]
    fn a_silent_socket_among_live_ones_is_dead() {
        assert_eq!(sweep(50, &[0, 25]).verdict(at(0), None), Verdict::Dead);
    }

    #[test]
    fn when_all_are_silent_the_alarm_may_have_been_late() {
        assert_eq!(sweep(100, &[0, 1]).verdict(at(0), None), Verdict::Suspect);
        assert_eq!(sweep(125, &[0, 1]).verdict(at(0), Some(at(100))), Verdict::Dead);
        assert_eq!(sweep(125, &[0, 101]).verdict(at(101), Some(at(100))), Verdict::Alive);
    }

    #[test]
    fn a_remembered_ping_has_its_whole_timeout() {
        assert_eq!(sweep(19, &[]).verdict(at(0), Some(at(1))), Verdict::Alive);
        assert_eq!(sweep(21, &[]).verdict(at(0), Some(at(1))), Verdict::Dead);
    }
}
