//! The commands of handlers.

use std::rc::Rc;

use super::Server;
use super::emission::text_frame;
use super::restore::Changed;
use super::stored_bytes::bytes_of_room;
use crate::core::account::Payer;
use crate::core::effect::Effects;
use crate::core::input::{Command, Recipients};
use crate::core::namespace::SocketRecord;
use crate::core::socketio;
use crate::error::Reason;
use crate::id::{Room, SocketId};
use crate::time::Timestamp;

impl Server {
    pub(crate) fn handle_command(&mut self, now: Timestamp, payer: Option<Payer>, command: Command, fx: &mut Effects) {
        match command {
            Command::Accept { socket, predicate } => self.accept(socket, predicate, fx),
            Command::Refuse { socket, error } => self.refuse(socket, &error, fx),
            Command::Ack { socket, id, args } => self.ack(socket, id, &args, fx),
            Command::CancelAck(pending) => self.pending_acks.cancel(pending),
            Command::Join { to, rooms } => {
                for id in self.ids(&to) {
                    if self.has_room_for(id, &rooms) && self.can_store_rooms(id, &rooms, &mut 0) {
                        let joined = rooms.iter().filter(|room| self.join(id, room)).map(bytes_of_room).sum();
                        self.stored_bytes.add(joined);
                        self.touch_if(joined > 0, id);
                    }
                }
            }
            Command::Leave { to, rooms } => {
                for id in self.ids(&to) {
                    let left = rooms.iter().filter(|room| self.leave(id, room)).map(bytes_of_room).sum();
                    self.stored_bytes.subtract(left);
                    self.touch_if(left > 0, id);
                }
            }
            Command::Disconnect { to, close } => {
                for id in self.ids(&to) {
                    self.disconnect(now, id, close, fx);
                }
            }
            Command::SetData { socket, data } => self.set_text(socket, data, |socket| &mut socket.data),
            Command::SetUserSession { socket, session } => {
                self.set_text(socket, session, |socket| &mut socket.user_session);
            }
            #[cfg(feature = "jwt")]
            Command::SetToken { socket, auth, expires } => self.set_token(now, socket, auth, expires, fx),
            Command::MarkOnce { socket, event } => {
                let is_new =
                    self.namespaces.get_mut(socket).is_some_and(|socket| socket.once.insert(event, ()).is_none());
                self.touch_if(is_new, socket);
            }
            Command::SetAlarm { name, alarm } => self.alarms.set(&name, alarm),
            Command::EndAlarm { name, has_run } => self.alarms.end(now, &name, has_run),
            Command::Shutdown => {
                for session in self.engine.sessions().collect::<Vec<_>>() {
                    self.close_session(now, session, Reason::ServerShuttingDown, fx);
                }
            }
            Command::Send { sid, message } => self.send_message(now, payer, sid, &message, fx),
            Command::RefuseMessage { sid } => self.refuse_message(sid, fx),
            Command::CloseSession { sid } => {
                if let Some(session) = self.engine.plain_session(sid) {
                    self.close_session(now, session, Reason::ForcedClose, fx);
                }
            }
        }
    }

    fn find_mut(&mut self, id: SocketId) -> Option<&mut SocketRecord> {
        self.pending_connects.get_mut(id).or_else(|| self.namespaces.get_mut(id))
    }

    /// Replaces a text that is stored of a socket.
    fn set_text(&mut self, id: SocketId, text: Option<Rc<str>>, place: fn(&mut SocketRecord) -> &mut Option<Rc<str>>) {
        let Some(found) = self.find_mut(id).map(place).filter(|found| **found != text) else { return };
        let bytes = |text: &Option<Rc<str>>| text.as_ref().map_or(0, |text| text.len());
        let added = bytes(&text);
        let removed = bytes(&core::mem::replace(found, text));
        self.stored_bytes.subtract(removed);
        self.stored_bytes.add(added);
        self.touch(id);
    }

    fn join(&mut self, id: SocketId, room: &Room) -> bool {
        match self.pending_connects.get_mut(id) {
            Some(socket) => socket.join(room),
            None => self.namespaces.join(id, room),
        }
    }

    fn leave(&mut self, id: SocketId, room: &Room) -> bool {
        match self.pending_connects.get_mut(id) {
            Some(socket) => socket.leave(room),
            None => self.namespaces.leave(id, room),
        }
    }

    /// Disconnects a socket; with `close`, disconnects all sockets of its session, and closes the session.
    fn disconnect(&mut self, now: Timestamp, id: SocketId, close: bool, fx: &mut Effects) {
        let Some(session) = self.namespaces.get(id).map(|socket| socket.session) else { return };
        // The DISCONNECT may end the session: a polling client may have too much unsent.
        let conn = self.engine.conn_view(session);
        let leaving = match self.clients.get(session) {
            Some(client) if close => client.sockets.values().copied().collect(),
            _ => vec![id],
        };
        for id in leaving {
            self.send_disconnect(id, fx);
            self.leave_namespace(id, conn.as_ref(), Reason::ServerNamespaceDisconnect, fx);
        }
        if close {
            self.close_session(now, session, Reason::ServerNamespaceDisconnect, fx);
        }
    }

    fn send_disconnect(&mut self, id: SocketId, fx: &mut Effects) {
        let Some(socket) = self.namespaces.get(id) else { return };
        let frame = text_frame(&mut self.buffer, |text| socketio::encode_disconnect(&socket.namespace, text));
        self.engine.send(socket.session, vec![frame], false, fx);
    }

    /// Returns the ids of the recipients. A single recipient may be a prepared socket.
    pub(crate) fn ids(&mut self, to: &Recipients) -> Vec<SocketId> {
        match to {
            Recipients::One(id) => vec![*id],
            Recipients::Matching(_) => self.resolve(to).into_iter().map(|socket| socket.id).collect(),
        }
    }

    fn touch_if(&mut self, changed: bool, socket: SocketId) {
        if changed {
            self.touch(socket);
        }
    }

    /// Marks the snapshot of a socket's session as changed.
    pub(super) fn touch(&mut self, socket: SocketId) {
        if let Some(session) = self.namespaces.get(socket).map(|socket| socket.session) {
            self.touch_session(session, Changed::Rest);
        }
    }
}
