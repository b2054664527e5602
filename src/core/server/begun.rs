//! The attempts that are begun: what was due, and is done when that is stored.

use crate::core::dispatch::Dispatch;
use crate::core::table::SlotSet;
use crate::id::{AckId, SocketId};

/// The attempts that are begun and wait for [`Input::Due`](crate::core::input::Input::Due).
#[derive(Debug, Default)]
pub(crate) struct Begun {
    /// Whether there are any, named alarms included.
    pub is_pending: bool,
    /// The sessions that have something due.
    pub sessions: SlotSet,
    /// The acknowledgements that did not arrive.
    pub acks: Vec<(SocketId, AckId)>,
    /// The calls that tell the app what was given up.
    pub given_up: Vec<Dispatch>,
}
