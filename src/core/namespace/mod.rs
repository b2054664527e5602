//! The stage that finds the recipients of a packet. The namespaces of a world, their sockets, and the rooms of these.

mod marks;
mod namespaces;
mod rooms;
mod socket_record;
mod target;

pub(crate) use namespaces::Namespaces;
pub(crate) use socket_record::SocketRecord;
