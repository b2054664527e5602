//! Ids and names. Each is parsed once, where it enters; a value of the type is a valid name.

mod invalid_name;
mod names;
mod random_id;
mod secret;

use serde::{Deserialize, Serialize};

pub use invalid_name::InvalidName;
pub use names::{Namespace, Room, WorldName};
pub use random_id::{Entropy, Sid, SocketId};
pub(crate) use secret::secret;

/// A WebSocket that the shell holds. The shell hands the numbers out and may use one again after it told the core
/// that the connection is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnId(pub u32);

/// An HTTP request that waits for its [`Response`](crate::core::effect::Response).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub u32);

/// A session's place in the core's tables; valid until the session is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionKey(pub usize);

/// The number by which one side of a namespace names the event whose answer it awaits (Socket.IO 5, "Acknowledgement").
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AckId(pub u64);

/// An emission whose answers a handler awaits; never used again in the life of an object's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PendingAckId(pub u64);

const fn is_name_char(c: u8) -> bool {
    c.is_ascii_alphanumeric() || c == b'_' || c == b'-'
}
