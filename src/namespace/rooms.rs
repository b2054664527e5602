//! The rooms of one namespace. A room exists as long as somebody is in it.

use std::collections::{BTreeMap, BTreeSet};

use super::SocketKey;
use crate::id::Room;

/// Who is in which room. The room of each socket's own id is not listed: the id says who is in it.
#[derive(Debug, Default)]
pub struct Rooms(BTreeMap<Room, BTreeSet<SocketKey>>);

impl Rooms {
    /// Puts a socket into a room.
    pub(super) fn join(&mut self, room: Room, key: SocketKey) {
        self.0.entry(room).or_default().insert(key);
    }

    /// Takes a socket out of a room.
    pub(super) fn leave(&mut self, room: &Room, key: SocketKey) {
        if let Some(members) = self.0.get_mut(room) {
            members.remove(&key);
            if members.is_empty() {
                self.0.remove(room);
            }
        }
    }

    /// Who is in a room.
    pub(super) fn members<'a>(&'a self, room: &Room) -> impl Iterator<Item = SocketKey> + use<'a> {
        self.0.get(room).into_iter().flatten().copied()
    }
}
