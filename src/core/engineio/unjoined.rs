//! The sessions whose clients have not joined, and which of them make room for others.
//!
//! Anybody can open a session, with one request. So these sessions cost little: they have a short time, and beyond a bound the
//! oldest is dropped for a new one.

use super::closing::Closing;
use super::engine::Engine;
use super::session::Transport;
use crate::core::effect::{CloseCode, Effects};
use crate::core::handshake_request::Protocol;
use crate::error::Reason;
use crate::id::SessionKey;
use crate::limits::{MAX_POLLING_SESSIONS, MAX_UNJOINED_WEBSOCKETS};
use crate::time::Timestamp;

/// The sessions that have not joined. After hibernation, they are in the order in which the runtime lists their WebSockets, which is
/// not that of their time. Their number is bounded, and most of them join within a round trip.
#[derive(Debug, Default)]
pub(super) struct Unjoined(Vec<Newcomer>);

#[derive(Clone, Copy, Debug)]
struct Newcomer {
    session: SessionKey,
    /// When it was opened, or restored with the WebSocket that it has had since then.
    since: Timestamp,
    /// The network of its client; 0 if it is not known.
    network: u64,
}

impl Unjoined {
    /// Removes a session, because it joined or ended.
    pub(super) fn remove(&mut self, session: SessionKey) {
        if let Some(place) = self.0.iter().position(|newcomer| newcomer.session == session) {
            self.0.remove(place);
        }
    }
}

impl Engine {
    /// Counts a session that was just opened or restored among those that have not joined. `network` is that of its client. A
    /// session of plain Engine.IO has joined when its client has made a second request, and on a WebSocket at once.
    pub fn add_unjoined(&mut self, key: SessionKey, network: u64) {
        let Some(session) = self.sessions.get(key.0) else { return };
        if session.protocol == Protocol::EngineIo && matches!(session.transport, Transport::WebSocket { .. }) {
            return;
        }
        self.unjoined.0.push(Newcomer { session: key, since: session.since, network });
    }

    /// Notes that the client of a polling session made a request after the one that opened it.
    pub(super) fn follow(&mut self, key: SessionKey) {
        if self.polling(key).and_then(|polling| polling.unfollowed_until.take()).is_some() {
            if self.protocol_of(key) == Some(Protocol::EngineIo) {
                self.unjoined.remove(key);
            }
            self.reschedule(key);
        }
    }

    /// Returns a session that must be dropped before another one is opened from `network`; `None` if there is room. It is the
    /// oldest that has not joined: of this network, of those that poll if the new one `polls`, or of those on WebSockets. Sessions
    /// for which `is_joining` returns `true` keep their places.
    pub fn crowded_out(
        &self,
        polls: bool,
        network: u64,
        is_joining: impl Fn(SessionKey) -> bool,
    ) -> Option<SessionKey> {
        let is_full = polls && self.polling_count >= MAX_POLLING_SESSIONS;
        let per_network = self.config.max_unjoined_per_address;
        if !is_full && self.unjoined.0.len() < per_network.min(MAX_UNJOINED_WEBSOCKETS) {
            return None;
        }
        let (mut neighbours, mut websockets, mut pollers) = (Oldest::default(), Oldest::default(), Oldest::default());
        for newcomer in self.unjoined.0.iter().filter(|newcomer| !is_joining(newcomer.session)) {
            if network != 0 && newcomer.network == network {
                neighbours.count(newcomer);
            }
            let of_transport = if self.conn_of(newcomer.session).is_some() { &mut websockets } else { &mut pollers };
            of_transport.count(newcomer);
        }
        let max_websockets = if polls { MAX_UNJOINED_WEBSOCKETS + 1 } else { MAX_UNJOINED_WEBSOCKETS };
        let max_pollers = if is_full { 1 } else { usize::MAX };
        let crowded = neighbours.beyond(per_network).or_else(|| pollers.beyond(max_pollers));
        Some(crowded.or_else(|| websockets.beyond(max_websockets))?.session)
    }

    /// Drops a session that has not joined, to make room for another one. It does not drain.
    pub fn drop_unjoined(&mut self, key: SessionKey, fx: &mut Effects) {
        self.unjoined.remove(key);
        let closing = Closing { code: CloseCode::TryAgainLater, ..Closing::new(Reason::ForcedClose) };
        self.drop_session(key, closing, fx);
    }
}

/// The number of sessions of a kind, and the oldest of them.
#[derive(Default)]
struct Oldest<'a> {
    count: usize,
    oldest: Option<&'a Newcomer>,
}

impl<'a> Oldest<'a> {
    fn count(&mut self, newcomer: &'a Newcomer) {
        self.count += 1;
        if self.oldest.is_none_or(|oldest| newcomer.since < oldest.since) {
            self.oldest = Some(newcomer);
        }
    }

    /// Returns the oldest session, if there are `bound` or more.
    fn beyond(self, bound: usize) -> Option<&'a Newcomer> {
        self.oldest.filter(|_| self.count >= bound)
    }
}
