//! The rooms of one namespace. A room exists as long as it has a socket.

use crate::core::table::ByName;
use crate::id::Room;

/// A socket's place in the table of its world's sockets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SocketKey(pub(super) usize);

/// The sockets in each room. The room of a socket's own id does not list that socket: it is found by its id.
#[derive(Debug, Default)]
pub(crate) struct Rooms(ByName<SocketKeys>);

impl Rooms {
    /// Adds a socket to a room.
    pub(super) fn join(&mut self, room: &Room, key: SocketKey) {
        self.0.change(room.as_str(), |members| members.insert(key));
    }

    /// Removes a socket from a room.
    pub(super) fn leave(&mut self, room: &Room, key: SocketKey) {
        if let Some(members) = self.0.get_mut(room.as_str()) {
            members.remove(key);
            if members.is_empty() {
                self.0.remove(room.as_str());
            }
        }
    }

    /// Returns how many rooms there are.
    pub(super) fn count(&self) -> usize {
        self.0.len()
    }

    /// Returns the sockets in a room.
    pub(super) fn members<'a>(&'a self, room: &Room) -> impl Iterator<Item = SocketKey> + use<'a> {
        self.0.get(room.as_str()).into_iter().flat_map(SocketKeys::iter)
    }
}

/// A list of sockets in the order of their places, which a broadcast reads from start to end.
#[derive(Debug, Default)]
pub(super) struct SocketKeys(Vec<SocketKey>);

impl SocketKeys {
    pub(super) fn insert(&mut self, key: SocketKey) {
        if let Err(at) = self.0.binary_search(&key) {
            self.0.insert(at, key);
        }
    }

    pub(super) fn remove(&mut self, key: SocketKey) {
        if let Ok(at) = self.0.binary_search(&key) {
            self.0.remove(at);
        }
    }

    pub(super) const fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = SocketKey> + use<'_> {
        self.0.iter().copied()
    }
}
