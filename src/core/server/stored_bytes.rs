//! How much a world stores of its clients: what a wake must read, and what is in memory while the world is awake.

use super::Server;
use crate::core::handshake_request::{HandshakeRequest, Protocol};
use crate::core::input::Recipients;
use crate::core::namespace::SocketRecord;
use crate::error::JoinError;
use crate::id::{Room, SocketId};
use crate::limits::MAX_STORED_BYTES;

/// The bytes of a session without its headers, about.
const SESSION_BYTES: usize = 200;

/// The bytes of a socket without its texts, about.
const SOCKET_BYTES: usize = 100;

/// The bytes of a room besides its name.
const ROOM_BYTES: usize = 3;

/// Bytes of the snapshots of all sessions, without unfinished packets and stored acknowledgements, which have counts of their
/// own. Escapes in texts are not counted.
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
    let SocketRecord { namespace, auth, data, rooms, .. } = socket;
    let data = data.as_ref().map_or(0, |data| data.len());
    let fixed = [SOCKET_BYTES, namespace.as_str().len(), auth.len(), data];
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

    /// Returns whether there is room to store the session that a request opens.
    pub(super) fn can_store_session(&self, protocol: Protocol, handshake: &HandshakeRequest) -> bool {
        protocol == Protocol::EngineIo || self.can_store(bytes_of_session(handshake.stored_bytes()))
    }

    /// Returns whether the data of a socket may have so many bytes.
    pub fn can_store_data(&self, socket: SocketId, bytes: usize) -> bool {
        let data = self.socket(socket).and_then(|socket| socket.data.as_ref()).map_or(0, |data| data.len());
        self.can_store(bytes.saturating_sub(data))
    }

    /// Returns whether there is room to store that a socket is in these rooms, besides `planned` bytes; if so, adds to them.
    pub(super) fn can_store_rooms(&self, id: SocketId, rooms: &[Room], planned: &mut usize) -> bool {
        let Some(socket) = self.socket(id) else { return true };
        let new = rooms.iter().filter(|room| !socket.rooms.contains_key(*room)).map(bytes_of_room);
        let bytes = new.fold(*planned, usize::saturating_add);
        let can_store = self.can_store(bytes);
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
