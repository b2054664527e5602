//! The tokens of sockets that expire. A socket's expiry is stored as an acknowledgement that it owes: so it is in the snapshot, the
//! alarm wakes the world for it, and a handler is called.

use std::rc::Rc;

use super::Server;
use super::emission::stored_ack_dispatch;
use super::restore::Changed;
use crate::core::acks::StoredAck;
use crate::core::effect::Effects;
use crate::core::input::TOKEN_EXPIRY;
use crate::core::namespace::SocketRecord;
use crate::error::AckFailure;
use crate::id::SocketId;
use crate::limits::{MAX_ALARM_AFTER, MAX_CLIENT_AUTH_BYTES};
use crate::time::Timestamp;

impl Server {
    /// Sets when the token of a socket expires, in place of an earlier time, and its auth object, if there is a new one. If these
    /// cannot be kept, the token has expired.
    pub(super) fn set_token(
        &mut self,
        now: Timestamp,
        id: SocketId,
        auth: Option<Rc<str>>,
        expires: Option<Timestamp>,
        fx: &mut Effects,
    ) {
        let Some(socket) = self.namespaces.get(id).map(SocketRecord::to_ref) else { return };
        let has_room = auth.is_none_or(|auth| self.set_auth(id, auth));
        let earlier = self.stored_acks.of(id).find(|(_, stored)| &*stored.name == TOKEN_EXPIRY).map(|(ack, _)| ack);
        drop(earlier.and_then(|ack| self.stored_acks.take(id, ack)));
        self.touch(id);
        let Some(expires) = expires.or_else(|| (!has_room).then_some(now)) else { return };
        let deadline = if has_room { expires.min(now.after(MAX_ALARM_AFTER)) } else { now };
        let expiry = StoredAck { name: TOKEN_EXPIRY.into(), context: "null".into(), deadline };
        let ack = self.namespaces.next_ack(now);
        if let Err(expiry) = self.stored_acks.insert(id, ack, expiry) {
            fx.push_dispatch(stored_ack_dispatch(socket, None, expiry, Err(AckFailure::TooMany)));
        }
    }

    /// Replaces the auth object of a socket. Returns false if its client or the world would have to keep too much.
    fn set_auth(&mut self, id: SocketId, auth: Rc<str>) -> bool {
        let Some(socket) = self.namespaces.get(id) else { return false };
        let (session, before) = (socket.session, socket.auth.len());
        let Some(client) = self.clients.get(session) else { return false };
        let of_client = self.auth_bytes(client).saturating_sub(before).saturating_add(auth.len());
        if of_client > MAX_CLIENT_AUTH_BYTES || !self.can_store(auth.len().saturating_sub(before)) {
            return false;
        }
        self.stored_bytes.subtract(before);
        self.stored_bytes.add(auth.len());
        if let Some(socket) = self.namespaces.get_mut(id) {
            socket.auth = auth;
        }
        self.touch_session(session, Changed::Namespaces);
        true
    }
}
