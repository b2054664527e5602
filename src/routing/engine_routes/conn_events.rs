//! The handlers of connection events: those of `socket.conn`.

use super::EngineRoutes;
use crate::core::dispatch::ConnEvent;
use crate::extract::{ConnClosed, ConnPacket, Upgraded};
use crate::handles::Conn;
use crate::handles::Io;
use crate::routing::handler::{Erased, Handler, erase};

/// The handlers of a connection event, and the call that they get.
pub(crate) enum ConnCall<'a> {
    Upgraded(&'a [Erased<Upgraded>], Upgraded),
    Packet(&'a [Erased<ConnPacket>], ConnPacket),
    Closed(&'a [Erased<ConnClosed>], ConnClosed),
}

impl EngineRoutes {
    /// Registers a handler that is called when a connection has switched from polling to a WebSocket:
    /// `socket.conn.on("upgrade")`. It may take the [`Conn`], [`Io`] and [`Storage`](crate::handles::Storage).
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

    /// Registers a handler that is called with every [`EnginePacket`](crate::value::EnginePacket) that a client sent,
    /// before the packet is processed: `socket.conn.on("packet")`. It may also take the [`Conn`], [`Io`] and
    /// [`Storage`](crate::handles::Storage). It is not called with the pongs that the runtime answers by itself (with
    /// ping intervals of 10 s and more).
    #[must_use]
    pub fn on_packet<M>(mut self, handler: impl Handler<ConnPacket, M>) -> Self {
        self.packets.push(erase(handler));
        self
    }

    /// Registers a handler that is called with every [`EnginePacket`](crate::value::EnginePacket) that is about to be
    /// sent to a client: `socket.conn.on("packetCreate")`. A volatile packet may still be dropped. The handler is not
    /// called with what it emits itself, nor with the pings that go to all clients at once (with ping intervals of 10 s
    /// and more).
    #[must_use]
    pub fn on_packet_create<M>(mut self, handler: impl Handler<ConnPacket, M>) -> Self {
        self.packets_created.push(erase(handler));
        self
    }

    /// Registers a handler that is called when a connection was closed, after the `on_disconnect` of its sockets:
    /// `socket.conn.on("close")`. It may take the [`Conn`] as it was, the [`Reason`](crate::error::Reason), [`Io`] and
    /// [`Storage`](crate::handles::Storage).
    #[must_use]
    pub fn on_close<M>(mut self, handler: impl Handler<ConnClosed, M>) -> Self {
        self.conn_closed.push(erase(handler));
        self
    }

    /// Returns whether there are handlers of packets from clients, and of packets to clients.
    pub(crate) const fn watches_packets(&self) -> (bool, bool) {
        (!self.packets.is_empty(), !self.packets_created.is_empty())
    }

    /// Returns whether there is a handler of a connection event.
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
