//! The packets of Socket.IO that a client may send.

use std::rc::Rc;

use crate::id::{AckId, Namespace};
use crate::value::Args;

/// The event names that Socket.IO reserves; an event with one of them closes the client's connection.
pub(crate) const RESERVED_EVENTS: [&str; 6] =
    ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"];

/// A packet with all of its attachments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Packet {
    /// `0`: join a namespace.
    Connect {
        /// The namespace.
        namespace: Namespace,
        /// The auth object as JSON, if there is one.
        auth: Option<Box<str>>,
    },
    /// `1`: leave a namespace.
    Disconnect {
        /// The namespace.
        namespace: Namespace,
    },
    /// `2` and `5`.
    Event {
        /// The namespace.
        namespace: Namespace,
        /// The acknowledgement id, if the client asks for an acknowledgement.
        id: Option<AckId>,
        /// The event's name; if it is a number, the number's JSON text.
        event: Rc<str>,
        /// The arguments.
        args: Args,
    },
    /// `3` and `6`.
    Ack {
        /// The namespace.
        namespace: Namespace,
        /// The id of the event that this acknowledges.
        id: Option<AckId>,
        /// The arguments.
        args: Args,
    },
    /// `4`: only a server may send one.
    ConnectError {
        /// The namespace.
        namespace: Namespace,
    },
}

impl Packet {
    /// Returns the namespace that the packet is for.
    pub const fn namespace(&self) -> &Namespace {
        match self {
            Self::Connect { namespace, .. }
            | Self::Disconnect { namespace }
            | Self::Event { namespace, .. }
            | Self::Ack { namespace, .. }
            | Self::ConnectError { namespace } => namespace,
        }
    }
}
