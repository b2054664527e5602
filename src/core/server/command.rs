//! What handlers do, besides emitting.

use std::rc::Rc;

use super::emission::text_frame;
use super::{Client, Server};
use crate::core::dispatch::Dispatch;
use crate::core::effect::Effects;
use crate::core::engineio;
use crate::core::handshake_request::Protocol;
use crate::core::input::{Command, Recipients};
use crate::core::namespace::Socket;
use crate::core::socketio;
use crate::core::table::Identified;
use crate::error::ConnectError;
use crate::error::Reason;
use crate::id::{Namespace, Room, SessionKey, SocketId};
use crate::limits::{MAX_AUTH_BYTES, MAX_CLIENT_AUTH_BYTES, MAX_NAME_BYTES, MAX_NAMESPACES};
use crate::time::Timestamp;

impl Server {
    /// A handler did something.
    pub(crate) fn handle_command(&mut self, now: Timestamp, command: Command, fx: &mut Effects) {
        match command {
            Command::Prepare { session, namespace, socket, auth } => {
                self.prepare(session, namespace, socket, auth, fx);
            }
            Command::Accept { socket, predicate } => self.accept(socket, predicate, fx),
            Command::Refuse { socket, error } => {
                if let Some(socket) = self.take_prepared(socket) {
                    self.refuse(socket.session, &socket.namespace, &error, fx);
                }
            }
            Command::Emit(emission) => self.emit(now, emission, fx),
            Command::Ack { socket, id, args } => self.ack(socket, id, &args, fx),
            Command::CancelAck(pending) => self.pending_acks.cancel(pending),
            Command::Join { to, rooms } => {
                for id in self.ids(&to) {
                    if self.has_room_for(id, &rooms) {
                        let joined = rooms.iter().filter(|room| self.join(id, room)).count();
                        self.touch_if(joined > 0, id);
                    }
                }
            }
            Command::Leave { to, rooms } => {
                for id in self.ids(&to) {
                    let left = rooms.iter().filter(|room| self.leave(id, room)).count();
                    self.touch_if(left > 0, id);
                }
            }
            Command::Disconnect { to, close } => {
                for id in self.ids(&to) {
                    self.disconnect_socket(now, id, close, fx);
                }
            }
            Command::SetData { socket, data } => {
                if let Some(found) = self.find_mut(socket) {
                    found.data = data;
                    self.touch_if(true, socket);
                }
            }
            Command::MarkOnce { socket, event } => {
                let is_new =
                    self.namespaces.get_mut(socket).is_some_and(|socket| socket.once.insert(event, ()).is_none());
                self.touch_if(is_new, socket);
            }
            Command::SetAlarm { name, alarm } => {
                match alarm {
                    Some(alarm) => self.alarms.by_name.insert(name, alarm),
                    None => self.alarms.by_name.remove(&name),
                };
                self.alarms.note();
            }
            Command::Shutdown => {
                for session in self.engine.sessions().collect::<Vec<_>>() {
                    self.close(now, session, Reason::ServerShuttingDown, fx);
                }
            }
            Command::Send { sid, message } => {
                if let Some(session) = self.engine.plain_session(sid) {
                    self.engine.send(session, vec![engineio::packet::encode_message(&message)], false, fx);
                }
            }
            Command::Close { sid } => {
                if let Some(session) = self.engine.plain_session(sid) {
                    self.close(now, session, Reason::ForcedClose, fx);
                }
            }
        }
    }

    fn prepare(&mut self, session: SessionKey, namespace: Namespace, id: SocketId, auth: Rc<str>, fx: &mut Effects) {
        let Some(client) = self.clients.get(session) else { return };
        if let Some(error) = self.too_much(client, &namespace, &auth) {
            return self.refuse(session, &namespace, &error, fx);
        }
        let Some(client) = self.clients.get_mut(session) else { return };
        client.prepared.push(id);
        self.engine.touch(session);
        let handshake = client.handshake.clone();
        self.prepared.insert(Socket::new(id, namespace, session, handshake, auth));
    }

    /// Returns the error for a CONNECT that pending_acks for more than its client may have. It is no breach of the protocol, so the
    /// connection stays.
    fn too_much(&self, client: &Client, namespace: &Namespace, auth: &str) -> Option<ConnectError> {
        let error = |code: &str, message: String| {
            let data = Some(format!(r#"{{"code":"{code}"}}"#));
            Some(ConnectError { message, data })
        };
        let (name_bytes, auth_bytes) = (namespace.as_str().len(), auth.len());
        if name_bytes > MAX_NAME_BYTES {
            let message = format!("The name of the namespace has {name_bytes} bytes, and may have {MAX_NAME_BYTES}");
            return error("NAMESPACE_NAME_TOO_LONG", message);
        }
        if auth_bytes > MAX_AUTH_BYTES {
            let message = format!("The auth object has {auth_bytes} bytes, and may have {MAX_AUTH_BYTES}");
            return error("AUTH_TOO_LONG", message);
        }
        if client.sockets.len().saturating_add(client.prepared.len()) >= MAX_NAMESPACES {
            let message =
                format!("A connection may be in {MAX_NAMESPACES} namespaces, and this one is: leave one first");
            return error("TOO_MANY_NAMESPACES", message);
        }
        let bytes = self.auth_bytes(client).saturating_add(auth_bytes);
        if bytes > MAX_CLIENT_AUTH_BYTES {
            let message = format!(
                "The auth objects of all namespaces of this connection have {bytes} bytes with this one, and may have \
                 {MAX_CLIENT_AUTH_BYTES}: leave one first"
            );
            return error("AUTH_TOO_LONG", message);
        }
        None
    }

    /// The bytes of the auth objects of all of a client's sockets.
    fn auth_bytes(&self, client: &Client) -> usize {
        let joined = client.sockets.values().filter_map(|&id| self.namespaces.get(id));
        let prepared = client.prepared.iter().filter_map(|&id| self.prepared(id));
        joined.chain(prepared).map(|socket| socket.auth.len()).sum()
    }

    fn accept(&mut self, id: SocketId, predicate: Option<u32>, fx: &mut Effects) {
        let Some(mut socket) = self.take_prepared(id) else { return };
        socket.predicate = predicate;
        let (session, namespace, socket_ref) = (socket.session, socket.namespace.clone(), socket.to_ref());
        let Some(client) = self.clients.get_mut(session) else { return };
        let is_first = !self.namespaces.exists(&namespace);
        if client.sockets.contains_key(&namespace) || !self.namespaces.insert(socket) {
            return;
        }
        client.sockets.insert(namespace.clone(), id);
        self.engine.set_expiry(session, None);
        let frame = text_frame(&namespace, 0, |text| socketio::encode_connect(&namespace, id, text));
        self.engine.send(session, vec![frame], false, fx);
        if is_first {
            fx.push_dispatch(Dispatch::NewNamespace { socket: socket_ref.clone() });
        }
        fx.push_dispatch(Dispatch::Connected { socket: socket_ref });
    }

    fn refuse(&mut self, session: SessionKey, namespace: &Namespace, error: &ConnectError, fx: &mut Effects) {
        let frame = text_frame(namespace, 0, |text| socketio::encode_connect_error(namespace, error, text));
        self.engine.send(session, vec![frame], false, fx);
    }

    fn take_prepared(&mut self, id: SocketId) -> Option<Socket> {
        let socket = self.remove_prepared(id)?;
        self.engine.touch(socket.session);
        if let Some(client) = self.clients.get_mut(socket.session) {
            client.prepared.retain(|prepared| *prepared != id);
        }
        Some(socket)
    }

    pub(crate) fn remove_prepared(&mut self, id: SocketId) -> Option<Socket> {
        self.prepared.remove(self.prepared.find(id.id())?)
    }

    /// A socket on its way into its namespace.
    pub(crate) fn prepared(&self, id: SocketId) -> Option<&Socket> {
        self.prepared.get(self.prepared.find(id.id())?)
    }

    fn find_mut(&mut self, id: SocketId) -> Option<&mut Socket> {
        match self.prepared.find(id.id()) {
            Some(place) => self.prepared.get_mut(place),
            None => self.namespaces.get_mut(id),
        }
    }

    fn prepared_mut(&mut self, id: SocketId) -> Option<&mut Socket> {
        self.prepared.get_mut(self.prepared.find(id.id())?)
    }

    fn join(&mut self, id: SocketId, room: &Room) -> bool {
        match self.prepared_mut(id) {
            Some(socket) => room.as_str() != id.as_str() && socket.rooms.insert(room.clone(), ()).is_none(),
            None => self.namespaces.join(id, room),
        }
    }

    fn leave(&mut self, id: SocketId, room: &Room) -> bool {
        match self.prepared_mut(id) {
            Some(socket) => socket.rooms.remove(room).is_some(),
            None => self.namespaces.leave(id, room),
        }
    }

    fn disconnect_socket(&mut self, now: Timestamp, id: SocketId, close: bool, fx: &mut Effects) {
        let Some(session) = self.namespaces.get(id).map(|socket| socket.session) else { return };
        if !close {
            self.send_disconnect(id, fx);
            return self.disconnect(id, None, Reason::ServerNamespaceDisconnect, fx);
        }
        let sockets = self.clients.get(session).into_iter().flat_map(|client| client.sockets.values().copied());
        for id in sockets.collect::<Vec<_>>() {
            self.send_disconnect(id, fx);
            self.disconnect(id, None, Reason::ServerNamespaceDisconnect, fx);
        }
        self.shut(now, session, Reason::ServerNamespaceDisconnect, fx);
    }

    fn send_disconnect(&mut self, id: SocketId, fx: &mut Effects) {
        let Some(socket) = self.namespaces.get(id) else { return };
        let frame = text_frame(&socket.namespace, 0, |text| socketio::encode_disconnect(&socket.namespace, text));
        self.engine.send(socket.session, vec![frame], false, fx);
    }

    fn close(&mut self, now: Timestamp, session: SessionKey, reason: Reason, fx: &mut Effects) {
        match self.engine.protocol_of(session) {
            Some(Protocol::SocketIo) => self.shut(now, session, reason, fx),
            Some(Protocol::EngineIo) => {
                let conn = self.engine.conn_view(session);
                self.engine.close(now, session, fx);
                self.forget(session, conn.as_ref(), Protocol::EngineIo, reason, fx);
            }
            None => {}
        }
    }

    /// The sockets that are meant, the prepared one too.
    pub(crate) fn ids(&mut self, to: &Recipients) -> Vec<SocketId> {
        match to {
            Recipients::One(id) => vec![*id],
            Recipients::Matching(_) => self.resolve(to).into_iter().map(|socket| socket.id).collect(),
        }
    }

    fn touch_if(&mut self, changed: bool, socket: SocketId) {
        if let Some(socket) = self.namespaces.get(socket).filter(|_| changed) {
            self.engine.touch(socket.session);
        }
    }
}
