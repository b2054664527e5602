//! Which session a socket has: a row in the storage of its world, which survives sleep.

use crate::error::Failure;
use crate::handles::{Io, Socket};
use crate::id::SocketId;

/// The rows are under keys with this prefix.
const LINK: &str = "dormouse.socket.";

/// Returns the session's id that a socket has.
pub(super) fn link_of(socket: &Socket) -> Result<Option<String>, Failure> {
    socket.io().storage().get(&key(socket.id()))
}

/// Gives a socket the id of a session, or takes it away.
pub(super) fn set_link(socket: &Socket, id: Option<&str>) -> Result<(), Failure> {
    let storage = socket.io().storage();
    match id {
        Some(id) => storage.put(&key(socket.id()), id),
        None => storage.delete(&key(socket.id())),
    }
}

/// Deletes the rows of sockets that are gone; returns how many are left.
pub(super) fn sweep_links(io: &Io) -> Result<usize, Failure> {
    let storage = io.storage();
    let mut left = 0;
    for key in storage.keys(LINK)? {
        let id = key.strip_prefix(LINK).and_then(SocketId::parse);
        if id.is_some_and(|id| io.is_connected(id)) {
            left += 1;
        } else {
            storage.delete(&key)?;
        }
    }
    Ok(left)
}

fn key(socket: SocketId) -> String {
    [LINK, socket.as_str()].concat()
}
