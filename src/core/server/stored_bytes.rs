//! How much a world stores of its clients: what a wake must read, and what is in memory while the world is awake.

use std::rc::Rc;

use super::Server;
use super::socketio_clients::SocketIoClient;
use crate::core::debts::Debts;
use crate::core::effect::Effects;
use crate::core::handshake_request::HandshakeRequest;
use crate::core::input::Recipients;
use crate::core::namespace::SocketRecord;
use crate::error::JoinError;
use crate::id::{Room, SessionKey, SocketId};
use crate::limits::{MAX_DEBTORS, MAX_STORED_BYTES, STORED_RATIO};
use crate::log::Record;

/// The bytes of a session without its headers, about.
const SESSION_BYTES: usize = 200;

/// The bytes of a socket without its texts, about.
const SOCKET_BYTES: usize = 100;

/// The bytes of a room besides its name.
const ROOM_BYTES: usize = 3;

/// Bytes of the snapshots of all sessions, without stored acknowledgements, which have a count of their own. Escapes in texts are
/// not counted.
#[derive(Debug, Default)]
pub(super) struct StoredBytes(usize);

impl StoredBytes {
    /// Adds what is stored from now on.
    pub(super) const fn add(&mut self, bytes: usize) {
        self.0 = self.0.saturating_add(bytes);
    }

    /// Subtracts what is not stored any more.
    pub(super) const fn subtract(&mut self, bytes: usize) {
        self.0 = self.0.saturating_sub(bytes);
    }
}

/// Returns the bytes that are stored of a session whose handshake has so many.
pub(super) const fn bytes_of_session(handshake: usize) -> usize {
    handshake.saturating_add(SESSION_BYTES)
}

/// Returns the bytes that are stored of a room of a socket.
pub(super) fn bytes_of_room(room: &Room) -> usize {
    room.as_str().len().saturating_add(ROOM_BYTES)
}

/// Returns the bytes that are stored of a socket.
pub(super) fn bytes_of_socket(socket: &SocketRecord) -> usize {
    let SocketRecord { namespace, auth, data, user_session, rooms, .. } = socket;
    let bytes = |text: &Option<Rc<str>>| text.as_ref().map_or(0, |text| text.len());
    let fixed = [SOCKET_BYTES, namespace.as_str().len(), auth.len(), bytes(data), bytes(user_session)];
    fixed.into_iter().chain(rooms.keys().map(bytes_of_room)).fold(0, usize::saturating_add)
}

impl Server {
    /// Returns whether so many bytes more may be stored of clients.
    pub(super) fn can_store(&self, bytes: usize) -> bool {
        let StoredBytes(stored) = self.stored_bytes;
        stored.saturating_add(self.stored_acks.bytes()).saturating_add(bytes) <= MAX_STORED_BYTES
    }

    /// Returns how many bytes are stored of clients.
    pub fn stored_bytes(&self) -> usize {
        self.stored_bytes.0.saturating_add(self.stored_acks.bytes())
    }

    /// Returns what is stored of a client.
    pub(super) fn stored_of(&self, client: &SocketIoClient) -> usize {
        let joined = client.sockets.values().filter_map(|&id| self.namespaces.get(id));
        let prepared = client.prepared.iter().filter_map(|&id| self.pending_connects.get(id));
        let sockets = joined.chain(prepared).map(bytes_of_socket).fold(0, usize::saturating_add);
        let acks = client.sockets.values().flat_map(|&id| self.stored_acks.of(id)).map(|(_, stored)| stored.bytes());
        let own = client.stored_bytes.saturating_add(client.stored_packet);
        acks.fold(own.saturating_add(sockets), usize::saturating_add)
    }

    /// Makes room to store so many bytes more of a session, or of a new one: closes the sessions of which most is stored, as long as
    /// each has [`STORED_RATIO`] times as much as this one would have. Returns whether there is room.
    ///
    /// Otherwise, some clients with long headers, auth objects and packets would keep all others out of their world.
    pub(super) fn make_room_to_store(&mut self, of: Option<SessionKey>, bytes: usize, fx: &mut Effects) -> bool {
        for _ in 0..MAX_DEBTORS {
            if self.can_store(bytes) {
                return true;
            }
            let mut stored = Debts::default();
            let mut own = bytes;
            for session in self.engine.sessions() {
                let Some(client) = self.clients.get(session) else { continue };
                let bytes = self.stored_of(client);
                if of == Some(session) {
                    own = own.saturating_add(bytes);
                } else {
                    stored.add(session, bytes);
                }
            }
            let Some((session, most)) = stored.largest().filter(|&(_, most)| most > own.saturating_mul(STORED_RATIO))
            else {
                return false;
            };
            fx.push_log(Record::warn(format_args!(
                "a session is closed with 1013: the world stores as much of its clients as it may, and {most} bytes of this one"
            )));
            self.engine.handle_debtor(session, fx);
            self.handle_ended(fx);
        }
        self.can_store(bytes)
    }

    /// Makes room to store the session that a request opens. Returns whether there is room.
    pub(super) fn make_room_for(&mut self, handshake: &HandshakeRequest, fx: &mut Effects) -> bool {
        self.make_room_to_store(None, bytes_of_session(handshake.stored_bytes()), fx)
    }

    /// Counts the unfinished packet of a session, which is stored from now on. The session is closed if there is no room for it.
    pub(super) fn store_packet(&mut self, session: SessionKey, fx: &mut Effects) {
        self.forget_packet(session);
        let bytes = self.clients.get(session).map_or(0, |client| client.decoder.waiting_bytes());
        if !self.make_room_to_store(Some(session), bytes, fx) {
            fx.push_log(Record::warn(format_args!(
                "a session is closed with 1013: the world cannot store the {bytes} bytes of its unfinished packet"
            )));
            self.engine.handle_debtor(session, fx);
            self.handle_ended(fx);
        } else if let Some(client) = self.clients.get_mut(session) {
            client.stored_packet = bytes;
            self.stored_bytes.add(bytes);
        }
    }

    /// Subtracts the unfinished packet of a session, which is not stored any more.
    pub(super) fn forget_packet(&mut self, session: SessionKey) {
        if let Some(client) = self.clients.get_mut(session) {
            self.stored_bytes.subtract(core::mem::take(&mut client.stored_packet));
        }
    }

    /// Returns whether the data of a socket may have so many bytes. If not, the next input makes room for them.
    pub fn can_store_data(&self, socket: SocketId, bytes: usize) -> bool {
        let data = self.socket(socket).and_then(|socket| socket.data.as_ref()).map_or(0, |data| data.len());
        self.can_store_of(socket, bytes.saturating_sub(data))
    }

    /// Returns whether so many bytes more of a socket may be stored. If not, the next input makes room for them: no session is
    /// closed while a handler runs.
    pub(super) fn can_store_of(&self, socket: SocketId, bytes: usize) -> bool {
        let can_store = self.can_store(bytes);
        if !can_store {
            self.wanted.set(self.socket(socket).map(|socket| (socket.session, bytes)));
        }
        can_store
    }

    /// Makes the room that a handler found missing.
    pub(super) fn make_wanted_room(&mut self, fx: &mut Effects) {
        if let Some((session, bytes)) = self.wanted.take() {
            self.make_room_to_store(Some(session), bytes, fx);
        }
    }

    /// Returns whether there is room to store that a socket is in these rooms, besides `planned` bytes; if so, adds to them.
    pub(super) fn can_store_rooms(&self, id: SocketId, rooms: &[Room], planned: &mut usize) -> bool {
        let Some(socket) = self.socket(id) else { return true };
        let new = rooms.iter().filter(|room| !socket.rooms.contains_key(*room)).map(bytes_of_room);
        let bytes = new.fold(*planned, usize::saturating_add);
        let can_store = self.can_store_of(id, bytes);
        if can_store {
            *planned = bytes;
        }
        can_store
    }

    /// Checks [`Command::Join`](crate::core::input::Command::Join), which skips the sockets that the error names.
    ///
    /// # Errors
    /// Some sockets would be in more than `MAX_ROOMS` rooms, or the world would have to store too much.
    pub fn check_join(&mut self, to: &Recipients, rooms: &[Room]) -> Result<(), JoinError> {
        let (mut crowded, mut unstored, mut planned) = (Vec::new(), Vec::new(), 0);
        for id in self.ids(to) {
            if !self.has_room_for(id, rooms) {
                crowded.push(id);
            } else if !self.can_store_rooms(id, rooms, &mut planned) {
                unstored.push(id);
            }
        }
        match (crowded.is_empty(), unstored.is_empty()) {
            (true, true) => Ok(()),
            (true, false) => Err(JoinError::WorldFull(unstored)),
            (false, _) => Err(JoinError::TooManyRooms(crowded)),
        }
    }
}
