//! The engine's tables: sessions, WebSockets, deadlines.

use core::num::NonZeroU32;
use std::collections::VecDeque;

use super::deadlines::{Deadlines, Tick};
use super::packet_watch::PacketWatch;
use super::posts::Posts;
use super::session::{Polling, Session, Transport};
use super::session_ended::SessionEnded;
use super::unjoined::Unjoined;
use crate::config::Config;
use crate::core::account::Allowance;
use crate::core::table::{ById, SlotMap, SlotSet};
use crate::id::SessionKey;
use crate::time::Timestamp;

/// The sessions of a world.
#[derive(Debug)]
pub struct Engine {
    pub(super) config: Config,
    pub(super) allowance: Allowance,
    pub(super) sessions: ById<Session>,
    /// The number of the last account.
    accounts: u32,
    pub(super) by_conn: SlotMap<Role>,
    /// The number of sessions that poll or drain.
    pub(super) polling_count: usize,
    pub(super) unjoined: Unjoined,
    pub(super) deadlines: Deadlines,
    pub(super) posts: Posts,
    pub(super) ended: VecDeque<SessionEnded>,
    /// The sessions whose snapshots may have changed.
    pub(super) touched: SlotSet,
    pub(super) packet_watch: PacketWatch,
    /// The time of the input or command that is being handled.
    pub(super) now: Timestamp,
}

/// What a WebSocket is to its session.
#[derive(Clone, Copy, Debug)]
pub(super) enum Role {
    Transport(SessionKey),
    Probe(SessionKey),
}

impl Engine {
    /// Creates an engine without sessions.
    pub fn new(config: Config) -> Self {
        Self {
            allowance: Allowance::new(&config.client_rates),
            config,
            sessions: ById::default(),
            accounts: 0,
            by_conn: SlotMap::default(),
            polling_count: 0,
            unjoined: Unjoined::default(),
            deadlines: Deadlines::default(),
            posts: Posts::default(),
            ended: VecDeque::new(),
            touched: SlotSet::default(),
            packet_watch: PacketWatch::default(),
            now: Timestamp::default(),
        }
    }

    /// Adds a session; returns `None` if its id is taken.
    pub(super) fn insert(&mut self, mut session: Session) -> Option<SessionKey> {
        self.accounts = self.accounts.wrapping_add(1);
        session.account.number = NonZeroU32::new(self.accounts);
        let conn = match session.transport {
            Transport::WebSocket { conn } => Some(conn),
            _ => None,
        };
        let key = SessionKey(self.sessions.insert(session)?);
        if let Some(conn) = conn {
            self.by_conn.insert(conn, Role::Transport(key));
        }
        self.reschedule(key);
        Some(key)
    }

    /// Removes a session from the tables; its WebSocket keeps its role.
    pub(super) fn remove(&mut self, key: SessionKey) -> Option<Session> {
        let session = self.sessions.remove(key.0)?;
        self.deadlines.remove(key);
        self.unjoined.remove(key);
        if !matches!(session.transport, Transport::WebSocket { .. }) {
            self.polling_count = self.polling_count.saturating_sub(1);
        }
        if self.polling_count == self.sessions.len() {
            self.deadlines.tick = Tick::Off;
        }
        Some(session)
    }

    /// Returns the transport of a session that polls and does not drain.
    pub(super) fn polling(&mut self, key: SessionKey) -> Option<&mut Polling> {
        match &mut self.sessions.get_mut(key.0)?.transport {
            Transport::Polling(polling) => Some(polling),
            _ => None,
        }
    }

    /// Computes a session's deadline again after a change, and marks its snapshot as changed.
    pub(super) fn reschedule(&mut self, key: SessionKey) {
        if let Some(session) = self.sessions.get(key.0) {
            let sleeps = matches!(session.transport, Transport::WebSocket { .. });
            self.deadlines.set(key, session.deadline(), sleeps);
            self.touched.insert(key);
        }
    }

    /// Sets the time of what is handled next, for what is sent because of it.
    pub const fn set_now(&mut self, now: Timestamp) {
        self.now = now;
    }

    /// Sets or removes the time at which a session is closed. One without such a time has joined.
    pub fn set_expiry(&mut self, key: SessionKey, expires: Option<Timestamp>) {
        if expires.is_none() && self.conn_of(key).is_some() {
            self.unjoined.remove(key);
        }
        if let Some(session) = self.sessions.get_mut(key.0) {
            session.expires = expires;
            self.reschedule(key);
        }
    }
}
