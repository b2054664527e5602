//! The acknowledgements that clients owe (Socket.IO 5, "Acknowledgement"): those that handlers await in memory, and those that
//! are stored with their sockets and survive hibernation.

mod pending;
mod stored;

pub(crate) use pending::{CollectedAcks, PendingAcks};
pub(crate) use stored::{StoredAck, StoredAcks};
