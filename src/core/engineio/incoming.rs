//! What arrives from clients: frames of WebSockets, packets of POSTs, and the ends of WebSockets.

use super::charging::Refused;
use super::closing::Closing;
use super::engine::{Engine, Role};
use super::heartbeat::Heartbeat;
use super::received_packet::{Message, ReceivedPacket};
use super::wire::NOOP;
use crate::core::account::Standing;
use crate::core::effect::{CloseCode, Effects};
use crate::core::handshake_request::Protocol;
use crate::error::Reason;
use crate::id::{ConnId, SessionKey};
use crate::log::Record;
use crate::time::Timestamp;
use crate::value::Frame;

/// A message that arrived for the layer above.
#[derive(Debug)]
pub struct Arrived<'a> {
    /// Its session.
    pub session: SessionKey,
    /// The protocol of the session.
    pub protocol: Protocol,
    /// The message.
    pub message: Message<'a>,
    /// Whether the client may go on. If not, what the message asks for is to be refused.
    pub standing: Standing,
}

impl Engine {
    /// Handles a frame of a WebSocket; returns the message for the layer above, if it has one.
    pub fn handle_frame<'a>(
        &mut self,
        now: Timestamp,
        conn: ConnId,
        frame: &'a Frame,
        fx: &mut Effects,
    ) -> Option<Arrived<'a>> {
        match self.by_conn.get(conn).copied()? {
            _ if frame.len() > self.config.max_payload_bytes => {
                self.handle_too_long(conn, fx);
                None
            }
            Role::Transport(key) => self.handle_packet(now, key, frame, fx),
            Role::Probe(key) => {
                self.handle_probe_packet(now, key, conn, &ReceivedPacket::decode_frame(frame), fx);
                None
            }
        }
    }

    /// Handles a packet of a session, in the form of a frame; returns the message for the layer above, if it has one.
    pub fn handle_packet<'a>(
        &mut self,
        now: Timestamp,
        key: SessionKey,
        frame: &'a Frame,
        fx: &mut Effects,
    ) -> Option<Arrived<'a>> {
        let packet = ReceivedPacket::decode_frame(frame);
        if self.packet_watch.watches_received() {
            self.dispatch_received(key, &packet, fx);
        }
        let session = self.sessions.get_mut(key.0)?;
        let standing = session.account.take_packet(now, frame.len(), &self.allowance);
        match packet {
            Ok(ReceivedPacket::Message(message)) => {
                return Some(Arrived { session: key, protocol: session.protocol, message, standing });
            }
            Ok(ReceivedPacket::Pong | ReceivedPacket::Ignored | ReceivedPacket::Upgrade)
                if standing != Standing::Good =>
            {
                if self.handle_refused(now, key, frame.len(), fx) == Refused::Closed {
                    fx.push_log(Record::warn(format_args!("a client is closed with 1008: it sends more than it may")));
                }
            }
            Ok(ReceivedPacket::Pong) => self.handle_pong(now, key),
            Ok(ReceivedPacket::Ping { .. }) => self.drop_session(key, Closing::new(Reason::TransportError), fx),
            Ok(ReceivedPacket::Close) => {
                self.drop_session(key, Closing { poll: NOOP, ..Closing::new(Reason::TransportClose) }, fx);
            }
            Ok(ReceivedPacket::Ignored | ReceivedPacket::Upgrade) => {}
            Err(_) => self.drop_session(key, Closing::new(Reason::ParseError), fx),
        }
        None
    }

    /// Handles the end of a WebSocket: the client closed it, or the connection was lost.
    pub fn handle_closed(&mut self, conn: ConnId, reason: Reason, fx: &mut Effects) {
        match self.by_conn.remove(conn) {
            Some(Role::Transport(key)) => self.drop_session(key, Closing::new(reason), fx),
            Some(Role::Probe(key)) => {
                if let Some(probe) = self.probe_mut(key) {
                    *probe = None;
                }
                self.reschedule(key);
            }
            None => {}
        }
    }

    /// Handles a frame that is too long: closes its WebSocket with the code 1009.
    pub fn handle_too_long(&mut self, conn: ConnId, fx: &mut Effects) {
        self.drop_conn(conn, CloseCode::TooBig, fx);
    }

    /// Handles a WebSocket whose client reads too slowly: closes it with the code 1013.
    pub fn handle_overflow(&mut self, conn: ConnId, fx: &mut Effects) {
        self.drop_conn(conn, CloseCode::TryAgainLater, fx);
    }

    fn handle_pong(&mut self, now: Timestamp, key: SessionKey) {
        let rested = Heartbeat::Resting(now.after(self.config.ping_interval));
        if let Some(session) = self.sessions.get_mut(key.0) {
            match session.heartbeat {
                Heartbeat::Resting(_) | Heartbeat::Pinged(_) => session.heartbeat = rested,
                Heartbeat::Shared(_) => session.heartbeat = Heartbeat::Shared(None),
            }
            self.reschedule(key);
        }
    }
}
