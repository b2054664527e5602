//! Types that name rooms.

use crate::id::{Room, SocketId};

/// One or more rooms: a name, the id of a socket (which names a room with only this socket), or a list of these.
#[diagnostic::on_unimplemented(
    message = "`{Self}` names no room",
    note = "a room is named by a string, a `Room` or a `SocketId`; several by an array, a slice or a `Vec` of these"
)]
pub trait IntoRooms {
    /// Appends the rooms to `rooms`.
    fn into_rooms(self, rooms: &mut Vec<Room>);
}

/// Returns the rooms as a list.
pub(crate) fn rooms_of(rooms: impl IntoRooms) -> Vec<Room> {
    let mut list = Vec::new();
    rooms.into_rooms(&mut list);
    list
}

macro_rules! one_room {
    ($($type:ty => |$name:ident| $room:expr),* $(,)?) => {$(
        impl IntoRooms for $type {
            fn into_rooms(self, rooms: &mut Vec<Room>) {
                let $name = self;
                rooms.push($room);
            }
        }
    )*};
}

one_room! {
    Room => |room| room,
    &Room => |room| room.clone(),
    SocketId => |id| Room::from(id),
    &SocketId => |id| Room::from(*id),
    String => |name| Room::new(name),
    &String => |name| Room::new(name.as_str()),
    &str => |name| Room::new(name),
}

impl<T: IntoRooms> IntoRooms for Vec<T> {
    fn into_rooms(self, rooms: &mut Vec<Room>) {
        for room in self {
            room.into_rooms(rooms);
        }
    }
}

impl<T: IntoRooms, const N: usize> IntoRooms for [T; N] {
    fn into_rooms(self, rooms: &mut Vec<Room>) {
        for room in self {
            room.into_rooms(rooms);
        }
    }
}

impl<'a, T> IntoRooms for &'a [T]
where
    &'a T: IntoRooms,
{
    fn into_rooms(self, rooms: &mut Vec<Room>) {
        for room in self {
            room.into_rooms(rooms);
        }
    }
}

impl<'a, T> IntoRooms for &'a Vec<T>
where
    &'a T: IntoRooms,
{
    fn into_rooms(self, rooms: &mut Vec<Room>) {
        self.as_slice().into_rooms(rooms);
    }
}

impl IntoRooms for &&str {
    fn into_rooms(self, rooms: &mut Vec<Room>) {
        (*self).into_rooms(rooms);
    }
}
