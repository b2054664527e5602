//! Requests calls of the handlers that watch connections and their packets.

use super::engine::Engine;
use super::packet_watch::PacketWatch;
use super::received_packet::{Message, ReceivedPacket};
use super::session::Transport;
use super::wire::MESSAGE;
use crate::core::dispatch::{ConnEvent, Dispatch};
use crate::core::effect::Effects;
use crate::error::PeerFault;
use crate::id::SessionKey;
use crate::value::{EnginePacket, Frame, PacketKind};

impl Engine {
    /// Sets whether handlers are called for packets received from clients, and for packets created for clients.
    pub const fn watch_packets(&mut self, received: bool, created: bool) {
        self.packet_watch = PacketWatch::new(received, created);
    }

    /// Sets whether packets that are created from now on call no handlers.
    pub const fn suppress_hooks(&mut self, suppresses_hooks: bool) {
        self.packet_watch.suppress_hooks(suppresses_hooks);
    }

    /// Requests handlers for a packet received from a client.
    pub(super) fn dispatch_received(
        &self,
        key: SessionKey,
        packet: &Result<ReceivedPacket<'_>, PeerFault>,
        fx: &mut Effects,
    ) {
        if let Ok(packet) = packet {
            self.dispatch_conn_event(key, ConnEvent::Packet(received(packet)), fx);
        }
    }

    /// Requests handlers for packets created for a client, if they are sent or buffered.
    pub(super) fn dispatch_created(&self, key: SessionKey, frames: &[Frame], volatile: bool, fx: &mut Effects) {
        let takes = match self.sessions.get(key.0).map(|session| &session.transport) {
            Some(Transport::WebSocket { .. }) => true,
            Some(Transport::Polling(polling)) => !volatile || polling.is_polled(),
            Some(Transport::Draining(..)) | None => false,
        };
        for frame in frames.iter().filter(|_| takes) {
            self.dispatch_conn_event(key, ConnEvent::PacketCreated(created(frame)), fx);
        }
    }

    /// Requests handlers for something that happened to a connection.
    pub(super) fn dispatch_conn_event(&self, key: SessionKey, event: ConnEvent, fx: &mut Effects) {
        if let Some(conn) = self.conn_view(key) {
            fx.push_dispatch(Dispatch::Conn { conn, event });
        }
    }
}

fn received(packet: &ReceivedPacket<'_>) -> EnginePacket {
    let (kind, data) = match packet {
        ReceivedPacket::Ignored => (PacketKind::Noop, None),
        ReceivedPacket::Upgrade => (PacketKind::Upgrade, None),
        ReceivedPacket::Close => (PacketKind::Close, None),
        ReceivedPacket::Ping { probe } => (PacketKind::Ping, probe.then(|| Frame::text("probe"))),
        ReceivedPacket::Pong => (PacketKind::Pong, None),
        ReceivedPacket::Message(Message::Text(text)) => (PacketKind::Message, Some(Frame::text(*text))),
        ReceivedPacket::Message(Message::Binary(bytes)) => (PacketKind::Message, Some(Frame::Binary(bytes.clone()))),
    };
    EnginePacket { kind, data }
}

/// Returns a created packet as handlers see it. It is a message of the layer above, or a ping of the heartbeat.
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
