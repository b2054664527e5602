//! Snapshots: the state of each session that survives hibernation. The shell writes a snapshot when it changed, and reads it when
//! the world wakes.

mod snapshot_json;

use std::borrow::Cow;
use std::rc::Rc;

use bytes::Bytes;
use litemap::LiteMap;
use serde::{Deserialize, Deserializer};

use super::handshake_request::LazyHandshake;
use crate::core::engineio::HeartbeatState;
use crate::id::{AckId, ConnId, Namespace, Room, Sid, SocketId};
use crate::time::Timestamp;

/// The state of a session on a WebSocket that survives hibernation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionSnapshot {
    /// The part that the heartbeat needs.
    pub header: HeartbeatState,
    /// The other state.
    pub body: SessionState,
    /// The long attachments of an unfinished packet; each is written once, in a row of its own.
    pub parts: Parts,
    /// How often its state has changed since the world was loaded.
    pub changes: StateChanges,
}

/// How often each part of a session's state has changed since the world was loaded. What is stored is written again only after
/// that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StateChanges {
    /// The texts that change only when the client joins or leaves a namespace.
    pub texts: u32,
    /// All of it.
    pub all: u32,
    /// How many unfinished packets that were stored have ended: the long attachments are those of the next one.
    pub packets: u32,
}

/// What must be stored anew.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// The WebSockets whose sessions may have changed.
    pub conns: Vec<ConnId>,
    /// The names of the alarms whose rows must be written, or deleted if they are over.
    pub alarms: Vec<Box<str>>,
}

/// The version of the format. A snapshot of another version is not read: its WebSocket is closed, and its client reconnects,
/// as after any lost connection.
pub(crate) const VERSION: u32 = 4;

/// The state of a session, without its heartbeat.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct SessionState {
    /// The session's id.
    #[serde(rename = "s")]
    pub sid: Sid,
    /// Whether it was upgraded from HTTP long-polling.
    #[serde(rename = "u", default)]
    pub upgraded: bool,
    /// How many attempts were begun, none of which has ended, at guards and acknowledgements that were due.
    #[serde(rename = "t", default)]
    pub attempts: u32,
    /// The protocol above Engine.IO, with its state.
    #[serde(rename = "l")]
    pub client: ClientSnapshot,
}

impl SessionState {
    /// Returns the bytes of the texts that [`texts`](Self::texts) returns.
    pub fn bytes_of_texts(&self) -> usize {
        let bytes = self.client.handshake().stored_bytes();
        let ClientSnapshot::SocketIo { sockets, joining, .. } = &self.client else { return bytes };
        let auths = sockets.iter().map(|socket| &socket.auth).chain(joining.iter().map(|(_, auth)| auth));
        auths.fold(bytes, |bytes, auth| bytes.saturating_add(auth.len()))
    }

    /// Returns the texts that change only when the client joins or leaves a namespace: the
    /// session's id, the handshake's JSON, and the auth objects.
    pub fn texts(&self) -> Vec<Box<str>> {
        // So that they are not taken for those of another session.
        let mut texts = vec![Box::from(self.sid.as_str()), self.client.handshake().json().into()];
        if let ClientSnapshot::SocketIo { sockets, joining, .. } = &self.client {
            texts.extend(sockets.iter().map(|socket| Box::from(&*socket.auth)));
            texts.extend(joining.iter().map(|(_, auth)| Box::from(&**auth)));
        }
        texts
    }

    /// Drops the texts, which are stored elsewhere.
    pub fn drop_texts(&mut self) {
        *self.client.handshake_mut() = LazyHandshake::default();
        if let ClientSnapshot::SocketIo { sockets, joining, .. } = &mut self.client {
            for auth in auths(sockets, joining) {
                *auth = Rc::default();
            }
        }
    }

    /// Puts the texts back that [`texts`](Self::texts) returned; returns `false` if they are those of another state.
    pub fn put_texts(&mut self, texts: Vec<Box<str>>) -> bool {
        let mut texts = texts.into_iter();
        if texts.next().is_none_or(|sid| *sid != *self.sid.as_str()) {
            return false;
        }
        let Some(handshake) = texts.next().and_then(LazyHandshake::from_json) else { return false };
        *self.client.handshake_mut() = handshake;
        if let ClientSnapshot::SocketIo { sockets, joining, .. } = &mut self.client {
            for auth in auths(sockets, joining) {
                let Some(text) = texts.next() else { return false };
                *auth = text.into();
            }
        }
        texts.next().is_none()
    }

    /// Returns whether parts of it are stored in rows of their own.
    pub fn has_parts(&self) -> bool {
        match &self.client {
            ClientSnapshot::SocketIo { partial: Some(partial), .. } => partial.arrived.contains(&Part::Row),
            ClientSnapshot::SocketIo { partial: None, .. } | ClientSnapshot::EngineIo(_) => false,
        }
    }
}

/// Returns the auth objects of a session, those of CONNECTs that are not decided last.
fn auths<'a>(
    sockets: &'a mut [SocketSnapshot],
    joining: &'a mut [(Namespace, Rc<str>)],
) -> impl Iterator<Item = &'a mut Rc<str>> {
    sockets.iter_mut().map(|socket| &mut socket.auth).chain(joining.iter_mut().map(|(_, auth)| auth))
}

/// The state of the protocol above Engine.IO.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub enum ClientSnapshot {
    /// Socket.IO.
    #[serde(rename = "c")]
    SocketIo {
        /// The request that opened the session.
        #[serde(rename = "o", default)]
        handshake: LazyHandshake,
        /// The client's sockets, one for each namespace that it joined.
        #[serde(rename = "n")]
        sockets: Vec<SocketSnapshot>,
        /// The CONNECTs that the guards have not decided: the namespace, and the auth object as JSON text.
        #[serde(rename = "j", default)]
        joining: Vec<(Namespace, Rc<str>)>,
        /// A packet whose attachments have not all arrived.
        #[serde(rename = "p", default)]
        partial: Option<PartialSnapshot>,
    },
    /// Plain Engine.IO, with the request that opened the session.
    #[serde(rename = "e")]
    EngineIo(LazyHandshake),
}

impl ClientSnapshot {
    /// Returns the request that opened the session.
    pub(crate) const fn handshake_mut(&mut self) -> &mut LazyHandshake {
        match self {
            Self::SocketIo { handshake, .. } | Self::EngineIo(handshake) => handshake,
        }
    }

    const fn handshake(&self) -> &LazyHandshake {
        match self {
            Self::SocketIo { handshake, .. } | Self::EngineIo(handshake) => handshake,
        }
    }
}

/// A socket.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct SocketSnapshot {
    /// Its id.
    #[serde(rename = "i")]
    pub id: SocketId,
    /// Its namespace.
    #[serde(rename = "n")]
    pub namespace: Namespace,
    /// The index of the app's predicate that matched the namespace; `None` if its name or a template did.
    #[serde(rename = "p", default)]
    pub predicate: Option<u32>,
    /// The auth object of its CONNECT, as JSON text.
    #[serde(rename = "a", default, deserialize_with = "read_text")]
    pub auth: Rc<str>,
    /// The data that handlers set, as JSON text.
    #[serde(rename = "d", default)]
    pub data: Option<Rc<str>>,
    /// The key of the session that it has, of the app's sessions of users.
    #[serde(rename = "k", default)]
    pub user_session: Option<Rc<str>>,
    /// Its rooms, without the room of its own id.
    #[serde(rename = "r", default)]
    pub rooms: Vec<Room>,
    /// The events whose `once` handlers were called.
    #[serde(rename = "o", default)]
    pub once: Vec<Box<str>>,
    /// The acknowledgements that it owes.
    #[serde(rename = "w", default)]
    pub stored_acks: Vec<StoredAckSnapshot>,
}

/// An acknowledgement that a client owes.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct StoredAckSnapshot {
    /// The id of the acknowledgement.
    #[serde(rename = "i")]
    pub ack: AckId,
    /// The handler's name.
    #[serde(rename = "n")]
    pub name: Box<str>,
    /// The handler's context, as JSON text.
    #[serde(rename = "c")]
    pub context: Rc<str>,
    /// When the handler is called without an acknowledgement.
    #[serde(rename = "t")]
    pub deadline: Timestamp,
}

/// A packet whose attachments have not all arrived.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
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

/// An attachment of a packet that is not complete.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub enum Part {
    /// An attachment of at most `MAX_INLINE_PART_BYTES`, in base64.
    #[serde(rename = "i")]
    Inline(String),
    /// A longer attachment, stored in a row of its own.
    #[serde(rename = "r")]
    Row,
}

/// The long attachments of a packet that is not complete, by their index in it.
pub type Parts = LiteMap<usize, Bytes>;

/// Reads a string straight into an `Rc<str>`, without a `String` in between unless it has escapes.
fn read_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Rc<str>, D::Error> {
    #[derive(Deserialize)]
    struct Text<'a>(#[serde(borrow)] Cow<'a, str>);
    Text::deserialize(deserializer).map(|Text(text)| text.into())
}
