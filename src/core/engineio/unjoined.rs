//! The sessions whose clients have not joined, or poll, and which of them make room for others.
//!
//! Anybody can open a session with one request, and join a namespace without guards with one more. So these sessions cost little: they
//! have a short time, and beyond a bound one is dropped for a new one. The oldest that has not joined goes first, and then the one that
//! polls and has been silent for longest: a client that is there has a GET that hangs, or asks again within a round trip.

use super::closing::Closing;
use super::engine::Engine;
use super::session::Transport;
use crate::core::effect::{CloseCode, Effects};
use crate::core::handshake_request::Protocol;
use crate::error::Reason;
use crate::id::SessionKey;
use crate::limits::{MAX_POLLING_SESSIONS, MAX_UNJOINED_WEBSOCKETS, SILENT_POLLER_AFTER};
use crate::time::Timestamp;

/// The sessions that have not joined, and those that poll or drain. After hibernation, they are in the order in which the runtime lists their WebSockets, which is
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
    /// Removes a session, because it ended, or is on a WebSocket and has joined.
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
            self.reschedule(key);
        }
    }

    /// Returns whether there is room for one more session from `network`, which polls or is on a WebSocket. One address must not take
    /// all the room; a session on a WebSocket that has joined takes none.
    pub fn room_for(&self, polls: bool, network: u64) -> Room {
        let is_full = polls && self.polling_count >= MAX_POLLING_SESSIONS;
        let per_network = self.config.max_unjoined_per_address;
        if !is_full && self.unjoined.0.len() < per_network.min(MAX_UNJOINED_WEBSOCKETS) {
            return Room::Free;
        }
        let (mut neighbours, mut websockets, mut pollers) = (Crowd::default(), Crowd::default(), Crowd::default());
        for newcomer in &self.unjoined.0 {
            let Some(session) = self.sessions.get(newcomer.session.0) else { continue };
            let has_joined = session.has_joined();
            let goes = match session.transport.silent_since() {
                _ if !has_joined => Some(newcomer.since),
                Some(since) if self.now.since(since) >= SILENT_POLLER_AFTER => Some(since),
                _ => None,
            };
            let goes = goes.map(|since| (has_joined, since));
            if network != 0 && newcomer.network == network && (polls || !has_joined) {
                neighbours.count(newcomer.session, goes);
            }
            let of_transport =
                if matches!(session.transport, Transport::WebSocket { .. }) { &mut websockets } else { &mut pollers };
            of_transport.count(newcomer.session, goes);
        }
        let max_websockets = if polls { MAX_UNJOINED_WEBSOCKETS + 1 } else { MAX_UNJOINED_WEBSOCKETS };
        let max_pollers = if is_full { 1 } else { usize::MAX };
        let crowds = [(neighbours, per_network), (pollers, max_pollers), (websockets, max_websockets)];
        let crowded = crowds.into_iter().find(|(crowd, most)| crowd.sessions >= *most);
        crowded.map_or(Room::Free, |(crowd, _)| crowd.first.map_or(Room::Full, |(session, _)| Room::After(session)))
    }

    /// Drops a session to make room for another one. It does not drain.
    pub fn drop_for_room(&mut self, key: SessionKey, fx: &mut Effects) {
        self.unjoined.remove(key);
        let closing = Closing { code: CloseCode::TryAgainLater, ..Closing::new(Reason::ForcedClose) };
        self.drop_session(key, closing, fx);
    }
}

/// Whether there is room for another session.
#[derive(Clone, Copy, Debug)]
pub enum Room {
    /// There is.
    Free,
    /// There is, when this session is dropped.
    After(SessionKey),
    /// There is none.
    Full,
}

/// The number of sessions of a kind, and the one that goes first.
#[derive(Default)]
struct Crowd {
    sessions: usize,
    /// With whether it has joined, and since when it is there or silent.
    first: Option<(SessionKey, (bool, Timestamp))>,
}

impl Crowd {
    /// Counts a session; one that `goes` may be dropped.
    fn count(&mut self, session: SessionKey, goes: Option<(bool, Timestamp)>) {
        self.sessions += 1;
        if let Some(goes) = goes.filter(|goes| self.first.is_none_or(|(_, first)| *goes < first)) {
            self.first = Some((session, goes));
        }
    }
}
