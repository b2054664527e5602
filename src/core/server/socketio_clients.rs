//! The Socket.IO state of sessions.

use litemap::LiteMap;

use crate::core::engineio::Message;
use crate::core::handshake_request::LazyHandshake;
use crate::core::socketio::{Decoder, Packet};
use crate::core::table::SlotMap;
use crate::error::PeerFault;
use crate::id::{Namespace, SessionKey, SocketId};
use crate::limits::MAX_WAITING_BYTES;

/// The Socket.IO state of a world's sessions, and the bytes of attachments that they keep.
#[derive(Debug, Default)]
pub(crate) struct SocketIoClients {
    by_session: SlotMap<SocketIoClient>,
    /// Bytes of the attachments of all packets that are not complete.
    waiting_bytes: usize,
}

/// The Socket.IO state of a session.
#[derive(Debug, Default)]
pub(crate) struct SocketIoClient {
    /// The request that opened the session.
    pub handshake: LazyHandshake,
    /// The decoder, with the packet whose attachments have not all arrived.
    pub decoder: Decoder,
    /// The client's sockets, by namespace.
    pub sockets: LiteMap<Namespace, SocketId>,
    /// The client's sockets whose CONNECTs are not decided.
    pub prepared: Vec<SocketId>,
}

/// The result of decoding a message.
#[derive(Debug)]
pub(crate) struct Decoded {
    /// The packet, if the message completes one.
    pub packet: Result<Option<Packet>, PeerFault>,
    /// Whether the state of the decoder changed.
    pub has_changed: bool,
}

impl SocketIoClients {
    /// Adds the client of a session.
    pub(crate) fn insert(&mut self, session: SessionKey, client: SocketIoClient) {
        self.waiting_bytes = self.waiting_bytes.saturating_add(client.decoder.waiting_bytes());
        self.by_session.insert(session, client);
    }

    /// Removes the client of a session.
    pub(crate) fn remove(&mut self, session: SessionKey) -> Option<SocketIoClient> {
        let client = self.by_session.remove(session)?;
        self.waiting_bytes = self.waiting_bytes.saturating_sub(client.decoder.waiting_bytes());
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

    /// Decodes a message of a session; returns `None` if the session has no client. The attachments of one packet may have
    /// `max_bytes`, and those of all packets that are not complete [`MAX_WAITING_BYTES`].
    pub(crate) fn decode(&mut self, session: SessionKey, message: Message<'_>, max_bytes: usize) -> Option<Decoded> {
        let decoder = &mut self.by_session.get_mut(session)?.decoder;
        let was_reconstructing = decoder.is_reconstructing();
        self.waiting_bytes = self.waiting_bytes.saturating_sub(decoder.waiting_bytes());
        let packet = match message {
            Message::Text(text) => decoder.handle_text(text),
            Message::Binary(bytes) => decoder.handle_binary(bytes, max_bytes),
        };
        self.waiting_bytes = self.waiting_bytes.saturating_add(decoder.waiting_bytes());
        let packet = if self.waiting_bytes > MAX_WAITING_BYTES { Err(PeerFault::AttachmentBytes) } else { packet };
        Some(Decoded { packet, has_changed: was_reconstructing || decoder.is_reconstructing() })
    }
}
