//! What is known while a world sleeps, of each session and of the world itself: data, written when it changed, read when the
//! world wakes.

use std::borrow::Cow;
use std::rc::Rc;

use bytes::Bytes;
use litemap::LiteMap;
use serde::{Deserialize, Deserializer, Serialize};

use super::alarms::NamedAlarm;
use super::handshake_request::LazyHandshake;
use crate::core::engineio::HeartbeatState;
use crate::id::{AckId, ConnId, Namespace, Room, Sid, SocketId};
use crate::time::Timestamp;

/// What must be known of a session on a WebSocket while the world sleeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionSnapshot {
    /// What the heartbeat needs.
    pub header: HeartbeatState,
    /// The rest.
    pub body: SessionState,
    /// What is written down beside it, each once.
    pub parts: Parts,
}

/// What must be known of the world itself while it sleeps, beside its sessions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorldSnapshot {
    /// The named alarms.
    pub alarms: Vec<NamedAlarm>,
}

impl WorldSnapshot {
    /// Returns when the world must be woken for it.
    pub fn next_wakeup(&self) -> Option<Timestamp> {
        self.alarms.iter().map(|alarm| alarm.at).min()
    }
}

/// The snapshots that may have changed since they were taken last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// The WebSockets whose sessions may have changed.
    pub conns: Vec<ConnId>,
    /// The world's own, if it changed.
    pub world: Option<WorldSnapshot>,
}

/// The version of the format. A snapshot of another version is not read: its WebSocket is closed, and its
/// client connects again, as after any lost connection.
pub(crate) const VERSION: u32 = 2;

/// The rest of a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionState {
    /// The session's id.
    #[serde(rename = "s")]
    pub sid: Sid,
    /// Whether it polled before it took its WebSocket.
    #[serde(rename = "u", default, skip_serializing_if = "core::ops::Not::not")]
    pub upgraded: bool,
    /// What the session speaks, with its state.
    #[serde(rename = "l")]
    pub client: ClientSnapshot,
}

impl SessionState {
    /// Returns whether parts of it are written down by themselves.
    pub fn has_parts(&self) -> bool {
        match &self.client {
            ClientSnapshot::SocketIo { partial: Some(partial), .. } => partial.arrived.contains(&Part::Row),
            ClientSnapshot::SocketIo { partial: None, .. } | ClientSnapshot::EngineIo => false,
        }
    }
}

/// The state of the layer above Engine.IO.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClientSnapshot {
    /// Socket.IO.
    #[serde(rename = "c")]
    SocketIo {
        /// The request that opened the session.
        #[serde(rename = "o")]
        handshake: LazyHandshake,
        /// The namespaces that the client joined.
        #[serde(rename = "n")]
        sockets: Vec<SocketSnapshot>,
        /// The namespaces that it wants to join and whose guards have not decided, with its auth, as JSON text.
        #[serde(rename = "j", default, skip_serializing_if = "Vec::is_empty")]
        joining: Vec<(Namespace, Rc<str>)>,
        /// A packet whose attachments have not all arrived.
        #[serde(rename = "p", default, skip_serializing_if = "Option::is_none")]
        partial: Option<PartialSnapshot>,
    },
    /// Plain Engine.IO has none.
    #[serde(rename = "e")]
    EngineIo,
}

/// A socket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SocketSnapshot {
    /// Its id.
    #[serde(rename = "i")]
    pub id: SocketId,
    /// Its namespace.
    #[serde(rename = "n")]
    pub namespace: Namespace,
    /// Which of the app's predicates knew its namespace.
    #[serde(rename = "p", default, skip_serializing_if = "Option::is_none")]
    pub predicate: Option<u32>,
    /// Its auth, as JSON text.
    #[serde(rename = "a", deserialize_with = "read_text")]
    pub auth: Rc<str>,
    /// What handlers keep with it, as JSON text.
    #[serde(rename = "d", default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Rc<str>>,
    /// The rooms it is in, without its own.
    #[serde(rename = "r", default, skip_serializing_if = "Vec::is_empty")]
    pub rooms: Vec<Room>,
    /// The events whose handlers for the first time were called.
    #[serde(rename = "o", default, skip_serializing_if = "Vec::is_empty")]
    pub once: Vec<Box<str>>,
    /// The acknowledgements that it owes.
    #[serde(rename = "w", default, skip_serializing_if = "Vec::is_empty")]
    pub stored_acks: Vec<StoredAckSnapshot>,
}

/// An acknowledgement that a client owes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredAckSnapshot {
    /// The id of the acknowledgement.
    #[serde(rename = "i")]
    pub ack: AckId,
    /// The handler's name.
    #[serde(rename = "n")]
    pub name: Box<str>,
    /// What the handler is called with beside the acknowledgement, as JSON text.
    #[serde(rename = "c")]
    pub context: Rc<str>,
    /// When the handler is called without an acknowledgement.
    #[serde(rename = "t")]
    pub deadline: Timestamp,
}

/// A packet whose attachments have not all arrived.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartialSnapshot {
    /// Whether it is an acknowledgement rather than an event.
    #[serde(rename = "k")]
    pub is_ack: bool,
    /// Its namespace.
    #[serde(rename = "n")]
    pub namespace: Namespace,
    /// Its acknowledgement id.
    #[serde(rename = "i")]
    pub id: Option<AckId>,
    /// Its payload, as JSON text.
    #[serde(rename = "j")]
    pub json: String,
    /// How many attachments it announced.
    #[serde(rename = "c")]
    pub announced: usize,
    /// Those that have arrived.
    #[serde(rename = "a")]
    pub arrived: Vec<Part>,
}

/// An attachment that has arrived before its packet's last one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Part {
    /// A short one, in base64.
    #[serde(rename = "i")]
    Inline(String),
    /// A long one: it is written down by itself.
    #[serde(rename = "r")]
    Row,
}

/// The long attachments of a packet that is not complete, by their place in it.
pub type Parts = LiteMap<usize, Bytes>;

/// Reads a text into one allocation.
fn read_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Rc<str>, D::Error> {
    #[derive(Deserialize)]
    struct Text<'a>(#[serde(borrow)] Cow<'a, str>);
    Text::deserialize(deserializer).map(|Text(text)| text.into())
}
