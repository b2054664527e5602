//! CONNECT: a client asks to join a namespace, and is accepted or refused (Socket.IO 5, "Connection to a namespace").

use std::rc::Rc;

use super::Server;
use super::emission::text_frame;
use super::restore::Changed;
use super::socketio_clients::SocketIoClient;
use super::stored_bytes::bytes_of_socket;
use crate::core::dispatch::Dispatch;
use crate::core::effect::Effects;
use crate::core::meter::{Code, Count};
use crate::core::namespace::SocketRecord;
use crate::core::socketio;
use crate::error::ConnectError;
use crate::id::{Entropy, Namespace, SessionKey, SocketId};
use crate::limits::{MAX_AUTH_BYTES, MAX_CLIENT_AUTH_BYTES, MAX_NAME_BYTES, MAX_NAMESPACES};

impl Server {
    /// Handles a CONNECT: prepares a socket, and requests the namespace's guards for it. Refuses a CONNECT that exceeds a limit
    /// at once.
    pub(super) fn connect(
        &mut self,
        session: SessionKey,
        namespace: Namespace,
        auth: Rc<str>,
        entropy: &mut dyn FnMut() -> Entropy,
        fx: &mut Effects,
    ) {
        let Some(client) = self.clients.get(session) else { return };
        let checked = self.check_limits(client, &namespace, &auth);
        if let Some(error) = checked.or_else(|| self.check_room(session, &namespace, &auth, fx)) {
            return self.send_connect_error(session, &namespace, &error, fx);
        }
        let Some(client) = self.clients.get_mut(session) else { return };
        let id = SocketId::from_entropy(entropy());
        let socket = SocketRecord::new(id, namespace, session, client.handshake.clone(), auth);
        client.prepared.push(id);
        self.stored_bytes.add(bytes_of_socket(&socket));
        self.touch_session(session, Changed::Namespaces);
        fx.push_dispatch(Dispatch::Connect { socket: socket.to_ref() });
        self.pending_connects.insert(socket);
    }

    /// Adds a prepared socket to its namespace: the guards accepted it.
    pub(super) fn accept(&mut self, id: SocketId, predicate: Option<u32>, fx: &mut Effects) {
        let Some(mut socket) = self.take_prepared(id) else { return };
        let stored_bytes = bytes_of_socket(&socket);
        socket.predicate = predicate;
        let (session, namespace, socket_ref) = (socket.session, socket.namespace.clone(), socket.to_ref());
        let Some(client) = self.clients.get_mut(session) else { return };
        let is_first = !self.namespaces.exists(&namespace);
        if client.sockets.contains_key(&namespace) || !self.namespaces.insert(socket) {
            return;
        }
        client.sockets.insert(namespace.clone(), id);
        self.stored_bytes.add(stored_bytes);
        self.engine.set_expiry(session, None);
        self.members_changed = true;
        let frame = text_frame(&mut self.buffer, |text| socketio::encode_connect(&namespace, id, text));
        self.engine.send(session, vec![frame], false, fx);
        // The guard may have sent more than a polling client may have unsent: then the session has ended.
        if self.engine.conn_view(session).is_none() {
            return;
        }
        if is_first {
            fx.push_dispatch(Dispatch::NewNamespace { socket: socket_ref.clone() });
        }
        self.log_connection("connect", (&namespace, Some(id)), "", fx);
        fx.push_dispatch(Dispatch::Connected { socket: socket_ref });
    }

    /// Notes that the `on_connect` handlers of a socket are called now; returns `false` if it has left, and they must not be.
    pub fn announce(&mut self, id: SocketId) -> bool {
        let found = self.namespaces.get_mut(id);
        found.map(|socket| socket.is_announced = true).is_some()
    }

    /// Refuses a prepared socket; its connection stays.
    pub(super) fn refuse(&mut self, id: SocketId, error: &ConnectError, fx: &mut Effects) {
        if let Some(socket) = self.take_prepared(id) {
            self.send_connect_error(socket.session, &socket.namespace, error, fx);
        }
    }

    fn take_prepared(&mut self, id: SocketId) -> Option<SocketRecord> {
        let socket = self.pending_connects.remove(id)?;
        self.stored_bytes.subtract(bytes_of_socket(&socket));
        self.touch_session(socket.session, Changed::Namespaces);
        if let Some(client) = self.clients.get_mut(socket.session) {
            client.prepared.retain(|prepared| *prepared != id);
        }
        Some(socket)
    }

    /// Returns the error for a CONNECT that exceeds a limit, or `None`. To exceed a limit is no breach of the protocol, so the
    /// connection stays.
    fn check_limits(&self, client: &SocketIoClient, namespace: &Namespace, auth: &str) -> Option<ConnectError> {
        let (name_bytes, auth_bytes) = (namespace.as_str().len(), auth.len());
        if name_bytes > MAX_NAME_BYTES {
            let message = format!("The name of the namespace has {name_bytes} bytes, and may have {MAX_NAME_BYTES}");
            return Some(error("NAMESPACE_NAME_TOO_LONG", message));
        }
        if auth_bytes > MAX_AUTH_BYTES {
            let message = format!("The auth object has {auth_bytes} bytes, and may have {MAX_AUTH_BYTES}");
            return Some(error("AUTH_TOO_LONG", message));
        }
        if client.sockets.len().saturating_add(client.prepared.len()) >= MAX_NAMESPACES {
            let message =
                format!("A connection may be in {MAX_NAMESPACES} namespaces, and this one is: leave one first");
            return Some(error("TOO_MANY_NAMESPACES", message));
        }
        let bytes = self.auth_bytes(client).saturating_add(auth_bytes);
        if bytes > MAX_CLIENT_AUTH_BYTES {
            let message = format!(
                "The auth objects of all namespaces of this connection have {bytes} bytes with this one, and may have \
                 {MAX_CLIENT_AUTH_BYTES}: leave one first"
            );
            return Some(error("AUTH_TOO_LONG", message));
        }
        None
    }

    /// Makes room to store the socket of a CONNECT. Returns the error if there is none.
    fn check_room(
        &mut self,
        session: SessionKey,
        namespace: &Namespace,
        auth: &str,
        fx: &mut Effects,
    ) -> Option<ConnectError> {
        let bytes = namespace.as_str().len().saturating_add(auth.len());
        let has_room = self.make_room_to_store(Some(session), bytes, fx);
        (!has_room).then(|| {
            error("WORLD_FULL", "This world keeps as much of its clients as it may: try again later".to_owned())
        })
    }

    /// Returns the bytes of the auth objects of all of a client's sockets, prepared ones included.
    pub(super) fn auth_bytes(&self, client: &SocketIoClient) -> usize {
        let joined = client.sockets.values().filter_map(|&id| self.namespaces.get(id));
        let prepared = client.prepared.iter().filter_map(|&id| self.pending_connects.get(id));
        joined.chain(prepared).map(|socket| socket.auth.len()).sum()
    }

    pub(super) fn send_connect_error(
        &mut self,
        session: SessionKey,
        namespace: &Namespace,
        error: &ConnectError,
        fx: &mut Effects,
    ) {
        fx.meter().add(Count::Refused(Code::Connect), 1);
        self.log_connection("connect_error", (namespace, None), &error.code, fx);
        let frame = text_frame(&mut self.buffer, |text| socketio::encode_connect_error(namespace, error, text));
        self.engine.send(session, vec![frame], false, fx);
    }
}

/// Returns the error with a code for a CONNECT that exceeds a limit.
fn error(code: &'static str, message: String) -> ConnectError {
    ConnectError { code: code.into(), message, data: Some(format!(r#"{{"code":"{code}"}}"#)) }
}
