//! The Socket.IO state of sessions.

use litemap::LiteMap;

use super::unfinished::{Unfinished, UnfinishedPackets};
use crate::core::engineio::Message;
use crate::core::handshake_request::LazyHandshake;
use crate::core::snapshot::StateChanges;
use crate::core::socketio::{Decoder, GivenUp, Packet};
use crate::core::table::SlotMap;
use crate::error::PeerFault;
use crate::id::{Namespace, SessionKey, SocketId};
use crate::time::Timestamp;

/// The Socket.IO state of a world's sessions.
#[derive(Debug, Default)]
pub(crate) struct SocketIoClients {
    by_session: SlotMap<SocketIoClient>,
    /// Whether the isolate has no memory for packets whose attachments have not arrived.
    pub is_full: bool,
    /// The bytes of all unfinished packets.
    pub unfinished_bytes: usize,
    unfinished: UnfinishedPackets,
}

/// The Socket.IO state of a session.
#[derive(Debug, Default)]
pub(crate) struct SocketIoClient {
    /// The request that opened the session.
    pub handshake: LazyHandshake,
    /// The bytes that are stored of the session without its sockets and its unfinished packet.
    pub stored_bytes: usize,
    /// Those that are stored of its unfinished packet.
    pub stored_packet: usize,
    /// The decoder, with the packet whose attachments have not all arrived.
    pub decoder: Decoder,
    /// Where that packet is.
    pub unfinished: Unfinished,
    /// How often its state has changed.
    pub changes: StateChanges,
    /// The client's sockets, by namespace.
    pub sockets: LiteMap<Namespace, SocketId>,
    /// The client's sockets whose CONNECTs are not decided.
    pub prepared: Vec<SocketId>,
    /// How many attempts were begun, none of which has ended, at what its sockets have due: see `due.rs`.
    pub attempts: u32,
}

/// The result of decoding a message.
#[derive(Debug)]
pub(crate) struct Decoded {
    /// The packet, if the message completes one.
    pub packet: Result<Option<Packet>, PeerFault>,
    /// The packet that is given up with this message, because the isolate has no memory for it.
    pub given_up: Option<GivenUp>,
    /// Whether the snapshot has a packet that is not unfinished any more.
    pub has_changed: bool,
}

impl SocketIoClients {
    /// Adds the client of a session.
    pub(crate) fn insert(&mut self, session: SessionKey, client: SocketIoClient) {
        self.unfinished_bytes = self.unfinished_bytes.saturating_add(client.decoder.waiting_bytes());
        self.by_session.insert(session, client);
    }

    /// Removes the client of a session.
    pub(crate) fn remove(&mut self, session: SessionKey) -> Option<SocketIoClient> {
        let mut client = self.by_session.remove(session)?;
        self.unfinished.end(session, &mut client.unfinished);
        self.unfinished_bytes = self.unfinished_bytes.saturating_sub(client.decoder.waiting_bytes());
        Some(client)
    }

    /// Returns the client of a session.
    pub(crate) fn get(&self, session: SessionKey) -> Option<&SocketIoClient> {
        self.by_session.get(session)
    }

    /// Returns a mutable reference to the client of a session.
    pub(crate) fn get_mut(&mut self, session: SessionKey) -> Option<&mut SocketIoClient> {
        self.by_session.get_mut(session)
    }

    /// Decodes a message of a session at `now`; returns `None` if the session has no client. The attachments of one packet may
    /// have `max_bytes`.
    pub(crate) fn decode(
        &mut self,
        now: Timestamp,
        session: SessionKey,
        message: Message<'_>,
        max_bytes: usize,
    ) -> Option<Decoded> {
        let SocketIoClient { decoder, unfinished, .. } = self.by_session.get_mut(session)?;
        let before = decoder.waiting_bytes();
        let packet = match message {
            Message::Text(text) => decoder.handle_text(text),
            Message::Binary(bytes) => decoder.handle_binary(bytes, max_bytes),
        };
        let others = self.unfinished_bytes.saturating_sub(before);
        let given_up = if self.is_full { decoder.give_up() } else { None };
        self.unfinished_bytes = others.saturating_add(decoder.waiting_bytes());
        let is_over = given_up.is_some() || !decoder.is_reconstructing();
        let has_changed = is_over && self.unfinished.end(session, unfinished);
        if decoder.is_reconstructing() {
            self.unfinished.handle_part(now, session, unfinished);
        }
        Some(Decoded { packet, given_up, has_changed })
    }

    /// Returns when the first unfinished packet is to be stored.
    pub(crate) fn next_timeout(&self) -> Option<Timestamp> {
        self.unfinished.next_timeout()
    }

    /// Returns a session whose unfinished packet is to be stored now, in its snapshot.
    pub(crate) fn take_due(&mut self, now: Timestamp) -> Option<SessionKey> {
        let session = self.unfinished.take_due(now)?;
        if let Some(client) = self.by_session.get_mut(session) {
            client.unfinished = Unfinished::Stored;
        }
        Some(session)
    }
}
