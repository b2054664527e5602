//! What handlers do.

use std::collections::BTreeSet;

use bytes::Bytes;

use super::Server;
use crate::effect::{Dispatch, Effects};
use crate::engine;
use crate::error::Reason;
use crate::id::{AckId, Namespace, SessionKey, SocketId};
use crate::input::{Command, Target};
use crate::namespace::Socket;
use crate::socket;
use crate::time::Timestamp;
use crate::value::{Args, Frame};

impl Server {
    /// A handler did something.
    pub(super) fn handle_command(&mut self, now: Timestamp, command: Command, fx: &mut Effects) {
        match command {
            Command::Accept { session, namespace, socket, auth } => self.accept(session, &namespace, socket, auth, fx),
            Command::Refuse { session, namespace, error } => {
                if self.take_joining(session, &namespace) {
                    let frame = text_frame(|text| socket::encode_connect_error(&namespace, &error, text));
                    self.engine.send(session, vec![frame], fx);
                }
            }
            Command::Emit { target, event, args } => self.emit(&target, &event, &args, fx),
            Command::EmitTo { socket, event, args } => {
                if let Some(socket) = self.namespaces.get(socket) {
                    let frames = event_frames(&socket.namespace, &event, &args);
                    self.engine.send(socket.session, frames, fx);
                }
            }
            Command::Ack { socket, id, args } => self.ack(socket, id, &args, fx),
            Command::Join { socket, room } => {
                if self.namespaces.join(socket, room) {
                    self.touch(socket);
                }
            }
            Command::Leave { socket, room } => {
                if self.namespaces.leave(socket, &room) {
                    self.touch(socket);
                }
            }
            Command::Disconnect { socket, close: false } => {
                self.send_disconnect(socket, fx);
                self.disconnect(socket, Reason::ServerNamespaceDisconnect, fx);
            }
            Command::Disconnect { socket, close: true } => {
                let Some(session) = self.namespaces.get(socket).map(|socket| socket.session) else { return };
                let ids: Vec<_> =
                    self.clients.get(&session).into_iter().flat_map(|c| c.sockets.values().copied()).collect();
                for id in ids {
                    self.send_disconnect(id, fx);
                    self.disconnect(id, Reason::ServerNamespaceDisconnect, fx);
                }
                self.shut(now, session, Reason::ServerNamespaceDisconnect, fx);
            }
            Command::Send { session, message } => {
                self.engine.send(session, vec![engine::packet::encode_message(&message)], fx);
            }
            Command::Close { session } => {
                if let Some(layer) = self.engine.layer_of(session) {
                    self.engine.close(now, session, fx);
                    self.forget(session, layer, Reason::ForcedClose, fx);
                }
            }
        }
    }

    fn accept(&mut self, session: SessionKey, namespace: &Namespace, id: SocketId, auth: Box<str>, fx: &mut Effects) {
        if !self.take_joining(session, namespace) {
            return;
        }
        let socket = Socket { id, namespace: namespace.clone(), session, auth: auth.into(), rooms: BTreeSet::new() };
        let socket_ref = socket.to_ref();
        let Some(client) = self.clients.get_mut(&session) else { return };
        if client.sockets.contains_key(namespace) || !self.namespaces.insert(socket) {
            return;
        }
        client.sockets.insert(namespace.clone(), id);
        self.engine.set_expiry(session, None);
        let frame = text_frame(|text| socket::encode_connect(namespace, id, text));
        self.engine.send(session, vec![frame], fx);
        fx.push_dispatch(Dispatch::Connected { socket: socket_ref });
    }

    /// Encodes once, finds the recipients once.
    fn emit(&mut self, target: &Target, event: &str, args: &Args, fx: &mut Effects) {
        // Stands for a bug in the core, in the end-to-end tests only.
        #[cfg(feature = "test-panic")]
        assert!(event != "test:panic-core", "the core panics");
        self.recipients.clear();
        self.namespaces.resolve(target, &mut self.recipients);
        if self.recipients.is_empty() {
            return;
        }
        let frames = event_frames(&target.namespace, event, args);
        match *self.recipients {
            [session] => self.engine.send(session, frames, fx),
            _ => self.engine.broadcast(self.recipients.iter().copied(), frames, fx),
        }
    }

    fn ack(&mut self, socket: SocketId, id: AckId, args: &Args, fx: &mut Effects) {
        let Some(socket) = self.namespaces.get(socket) else { return };
        let text = text_frame(|text| socket::encode_ack(&socket.namespace, id, args, text));
        self.engine.send(socket.session, with_attachments(text, args.attachments()), fx);
    }

    fn send_disconnect(&mut self, id: SocketId, fx: &mut Effects) {
        let Some(socket) = self.namespaces.get(id) else { return };
        let frame = text_frame(|text| socket::encode_disconnect(&socket.namespace, text));
        self.engine.send(socket.session, vec![frame], fx);
    }

    fn take_joining(&mut self, session: SessionKey, namespace: &Namespace) -> bool {
        self.clients.get_mut(&session).is_some_and(|client| client.joining.remove(namespace))
    }

    fn touch(&mut self, socket: SocketId) {
        if let Some(socket) = self.namespaces.get(socket) {
            self.engine.touch(socket.session);
        }
    }
}

/// A message whose text `write` appends.
fn text_frame(write: impl FnOnce(&mut String)) -> Frame {
    let mut text = String::from(engine::packet::MESSAGE);
    write(&mut text);
    Frame::text(text)
}

fn event_frames(namespace: &Namespace, event: &str, args: &Args) -> Vec<Frame> {
    let text = text_frame(|text| {
        text.reserve(args.elements().len() + event.len() + namespace.as_str().len() + ROOM_FOR_MARKS);
        socket::encode_event(namespace, None, event, args, text);
    });
    with_attachments(text, args.attachments())
}

/// Brackets, quotes, digits and commas around an event's parts.
const ROOM_FOR_MARKS: usize = 32;

fn with_attachments(text: Frame, attachments: &[Bytes]) -> Vec<Frame> {
    core::iter::once(text).chain(attachments.iter().cloned().map(Frame::Binary)).collect()
}
