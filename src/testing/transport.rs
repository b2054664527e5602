//! Actions of clients on their transport: upgrading it, not reading from it, and sending invalid packets.

use core::time::Duration;

use super::clients::{Clients, Link};
use crate::core::handshake_request::Protocol;
use crate::limits::UPGRADE_NOOP_INTERVAL;
use crate::value::Frame;

impl Clients {
    /// Upgrades a polling client to a WebSocket in the steps of `engine.io-client`. Returns whether that succeeded.
    pub(super) fn upgrade(&mut self, connection: usize) -> bool {
        let Some(Link::Polling { sid, reads, .. }) = self.link(connection) else { return false };
        // No other GET follows the pending one.
        *reads = false;
        let query = format!("EIO=4&transport=websocket&sid={sid}");
        let Ok(no) = self.host.open_websocket(&query, Protocol::SocketIo) else { return false };
        self.host.text(no, "2probe");
        // The server ends the pending GET with a noop, at once or after this interval.
        self.host.advance(UPGRADE_NOOP_INTERVAL.max(Duration::from_millis(1)));
        self.listen();
        self.by_socket.insert(no, connection);
        if let Some(link) = self.link(connection) {
            *link = Link::WebSocket(no);
        }
        self.host.text(no, "5");
        self.listen();
        self.is_open(connection)
    }

    /// Sets whether the client reads what is sent to it. When it reads again, it begins with the waiting frames.
    pub(super) fn set_reading(&mut self, connection: usize, reading: bool) {
        match self.link(connection) {
            Some(Link::WebSocket(no)) => {
                let no = *no;
                if reading {
                    self.host.runtime_mut().read_on(no);
                } else {
                    self.host.runtime_mut().socket(no).stalled = true;
                }
            }
            Some(Link::Polling { reads, .. }) => *reads = reading,
            None => {}
        }
        self.listen();
    }

    /// Sends a raw Engine.IO packet.
    pub(super) fn send_packet(&mut self, connection: usize, text: &str) {
        self.send_frames(connection, &[Frame::text(text)]);
        self.listen();
    }

    fn link(&mut self, connection: usize) -> Option<&mut Link> {
        self.connections.get_mut(connection).map(|connection| &mut connection.link)
    }
}
