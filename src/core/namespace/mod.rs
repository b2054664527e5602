//! Stage 5: who hears it. The namespaces of a world, the sockets in them, and their rooms.

mod marks;
mod namespaces;
mod rooms;
mod socket_record;
mod target;

pub(crate) use namespaces::Namespaces;
pub(crate) use socket_record::SocketRecord;
