//! What happens to connections: the events of `socket.conn`.

use super::EngineRoutes;
use crate::core::dispatch::ConnEvent;
use crate::extract::{ConnClosed, ConnPacket, Upgraded};
use crate::handles::Conn;
use crate::handles::Io;
use crate::routing::handler::{Erased, Handler, erase};

/// The handlers to call for an event of a connection's.
pub(crate) enum ConnCall<'a> {
    Upgraded(&'a [Erased<Upgraded>], Upgraded),
    Packet(&'a [Erased<ConnPacket>], ConnPacket),
    Closed(&'a [Erased<ConnClosed>], ConnClosed),
}

impl EngineRoutes {
    /// Called when a connection has taken a WebSocket in the place of polling: `socket.conn.on("upgrade")`. Takes the
    /// [`Conn`], [`Io`], [`Storage`](crate::handles::Storage).
    ///
    /// ```
    /// use dormouse::socket::Conn;
    /// use dormouse::{App, Io};
    ///
    /// async fn upgraded(conn: Conn, io: Io) {
    ///     io.log(format!("{} is on a {} now", conn.id(), conn.transport()));
    /// }
    ///
    /// let app = App::new().engine(|engine| engine.on_upgrade(upgraded));
    /// ```
    #[must_use]
    pub fn on_upgrade<M>(mut self, handler: impl Handler<Upgraded, M>) -> Self {
        self.upgraded.push(erase(handler));
        self
    }

    /// Called with every [`EnginePacket`](crate::value::EnginePacket) that a client sent, before its contents are looked at:
    /// `socket.conn.on("packet")`. Takes the [`Conn`], [`Io`], [`Storage`](crate::handles::Storage), too. The pongs that the runtime
    /// answers while the world sleeps (from 10 s ping intervals on) reach nobody.
    #[must_use]
    pub fn on_packet<M>(mut self, handler: impl Handler<ConnPacket, M>) -> Self {
        self.packets.push(erase(handler));
        self
    }

    /// Called with every [`EnginePacket`](crate::value::EnginePacket) that is on its way to a client: `socket.conn.on("packetCreate")`. A volatile one
    /// may still be dropped. What this handler itself emits is not told to it again, and neither are the pings that go to all
    /// clients at once (from 10 s ping intervals on).
    #[must_use]
    pub fn on_packet_create<M>(mut self, handler: impl Handler<ConnPacket, M>) -> Self {
        self.packets_created.push(erase(handler));
        self
    }

    /// Called when a connection is closed, after the `on_disconnect` of its sockets: `socket.conn.on("close")`. Takes the
    /// [`Conn`] as it was, the [`Reason`](crate::error::Reason), [`Io`], [`Storage`](crate::handles::Storage).
    #[must_use]
    pub fn on_close<M>(mut self, handler: impl Handler<ConnClosed, M>) -> Self {
        self.conn_closed.push(erase(handler));
        self
    }

    /// Whether handlers are called for packets that clients sent, and for those on their way to them.
    pub(crate) const fn watches_packets(&self) -> (bool, bool) {
        (!self.packets.is_empty(), !self.packets_created.is_empty())
    }

    /// Whether there is a handler for an event of a connection's.
    pub(crate) const fn watches(&self, event: &ConnEvent) -> bool {
        match event {
            ConnEvent::Upgraded => !self.upgraded.is_empty(),
            ConnEvent::Packet(_) => !self.packets.is_empty(),
            ConnEvent::PacketCreated(_) => !self.packets_created.is_empty(),
            ConnEvent::Closed(_) => !self.conn_closed.is_empty(),
        }
    }

    pub(crate) fn conn_call(&self, io: Io, conn: Conn, event: ConnEvent) -> ConnCall<'_> {
        match event {
            ConnEvent::Upgraded => ConnCall::Upgraded(&self.upgraded, Upgraded { io, conn }),
            ConnEvent::Packet(packet) => ConnCall::Packet(&self.packets, ConnPacket { io, conn, packet }),
            ConnEvent::PacketCreated(packet) => {
                ConnCall::Packet(&self.packets_created, ConnPacket { io, conn, packet })
            }
            ConnEvent::Closed(reason) => ConnCall::Closed(&self.conn_closed, ConnClosed { io, conn, reason }),
        }
    }
}
