//! What is told of connections to those who watch them. Where nobody watches packets, they cost nothing here.

use super::Engine;
use super::packet::Packet;
use super::session::Transport;
use crate::core::dispatch::{ConnEvent, Dispatch};
use crate::core::effect::Effects;
use crate::error::PeerFault;
use crate::id::SessionKey;
use crate::value::{EnginePacket, Frame, PacketKind};

use super::packet::{MESSAGE, Message};

/// Which packets somebody watches.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Watched {
    pub(super) received: bool,
    created: bool,
    /// Whether what is created now is not told: somebody who watches causes it.
    suppresses_hooks: bool,
}

impl Engine {
    /// Whether handlers are to be called for the packets of clients, and for those on their way to them.
    pub const fn watch_packets(&mut self, received: bool, created: bool) {
        self.watched = Watched { received, created, suppresses_hooks: false };
    }

    /// Whether those who watch are told nothing of packets on their way to clients.
    pub const fn suppress_hooks(&mut self, suppresses_hooks: bool) {
        self.watched.suppresses_hooks = suppresses_hooks;
    }

    /// Whether packets on their way to clients are to be told.
    pub(super) const fn tells_created(&self) -> bool {
        self.watched.created && !self.watched.suppresses_hooks
    }

    /// A client sent a packet.
    pub(super) fn note_received(&self, key: SessionKey, packet: &Result<Packet<'_>, PeerFault>, fx: &mut Effects) {
        if let Ok(packet) = packet {
            self.note(key, ConnEvent::Packet(received(packet)), fx);
        }
    }

    /// Packets are on their way to a client, if it takes any.
    pub(super) fn note_created(&self, key: SessionKey, frames: &[Frame], volatile: bool, fx: &mut Effects) {
        let takes = match self.sessions.get(key.0).map(|session| &session.transport) {
            Some(Transport::WebSocket { .. }) => true,
            Some(Transport::Polling(polling)) => !volatile || polling.is_polled(),
            Some(Transport::Draining(..)) | None => false,
        };
        for frame in frames.iter().filter(|_| takes) {
            self.note(key, ConnEvent::PacketCreated(created(frame)), fx);
        }
    }

    /// Something happened to a connection.
    pub(super) fn note(&self, key: SessionKey, event: ConnEvent, fx: &mut Effects) {
        if let Some(conn) = self.conn_view(key) {
            fx.push_dispatch(Dispatch::Conn { conn, event });
        }
    }
}

fn received(packet: &Packet<'_>) -> EnginePacket {
    let (kind, data) = match packet {
        Packet::Ignored => (PacketKind::Noop, None),
        Packet::Upgrade => (PacketKind::Upgrade, None),
        Packet::Close => (PacketKind::Close, None),
        Packet::Ping { probe } => (PacketKind::Ping, probe.then(|| Frame::text("probe"))),
        Packet::Pong => (PacketKind::Pong, None),
        Packet::Message(Message::Text(text)) => (PacketKind::Message, Some(Frame::text(*text))),
        Packet::Message(Message::Binary(bytes)) => (PacketKind::Message, Some(Frame::Binary(bytes.clone()))),
    };
    EnginePacket { kind, data }
}

/// What is sent by way of the layers above is messages, and the heartbeat's pings.
fn created(frame: &Frame) -> EnginePacket {
    let data = match frame {
        Frame::Text(text) => match text.strip_prefix(MESSAGE) {
            Some(text) => Frame::text(text),
            None => return EnginePacket { kind: PacketKind::Ping, data: None },
        },
        Frame::Binary(bytes) => Frame::Binary(bytes.clone()),
    };
    EnginePacket { kind: PacketKind::Message, data: Some(data) }
}
