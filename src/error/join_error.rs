//! Why a socket did not join a room.

use core::fmt;

use crate::id::SocketId;
use crate::limits::{MAX_NAME_BYTES, MAX_ROOMS};

/// Why sockets did not join rooms.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JoinError {
    /// These sockets would be in more than 10,000 rooms: they joined none of the rooms. All other sockets joined.
    TooManyRooms(Vec<SocketId>),
    /// These sockets joined none of the rooms, because the world keeps as much of its clients as it may: 24 MB of auth
    /// objects, headers, data, rooms and acknowledgements. All other sockets joined.
    WorldFull(Vec<SocketId>),
    /// The name of a room has this many bytes; 4,096 are allowed. No socket joined any room.
    NameTooLong(usize),
}

impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooManyRooms(sockets) => match sockets.as_slice() {
                [socket] => write!(f, "the socket {socket} would be in more than {MAX_ROOMS} rooms; leave some first"),
                several => {
                    write!(f, "{} sockets would be in more than {MAX_ROOMS} rooms; leave some first", several.len())
                }
            },
            Self::WorldFull(_) => f.write_str("the world keeps as much of its clients as it may; remove some first"),
            Self::NameTooLong(bytes) => {
                write!(f, "the name of a room has {bytes} bytes, and may have {MAX_NAME_BYTES}; use a shorter one")
            }
        }
    }
}

impl core::error::Error for JoinError {}
