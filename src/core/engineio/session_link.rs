//! What is known of the connection of a session.

use super::engine::Engine;
use super::heartbeat::Heartbeat;
use super::session::Transport;
use crate::core::link::{Link, Readings};
use crate::id::SessionKey;
use crate::limits::VOLATILE_UNSENT_BYTES;

impl Engine {
    /// Returns what is known of the connection of an open session. `readings` are those of this moment.
    pub fn link(&self, key: SessionKey, readings: &Readings) -> Option<Link> {
        let session = self.sessions.get(key.0)?;
        let config = &self.config;
        match &session.transport {
            Transport::WebSocket { conn } => {
                // A ping is sent when its interval has passed since the last pong, or since the session got its transport.
                let own = match session.heartbeat {
                    Heartbeat::Resting(at) => Some(at.before(config.ping_interval)),
                    Heartbeat::Pinged(at) => Some(at.before(config.ping_timeout).before(config.ping_interval)),
                    Heartbeat::Shared(_) => None,
                };
                let last_pong = own.filter(|at| *at > session.since).or_else(|| readings.last_pong(*conn));
                let unsent = readings.unsent(*conn);
                Some(Link { unsent, last_pong, holds: unsent > 0, is_ready: unsent <= VOLATILE_UNSENT_BYTES })
            }
            Transport::Polling(polling) => Some(polling.link()),
            Transport::Draining(_) => None,
        }
    }
}
