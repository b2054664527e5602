//! Whether clients get what is sent to them.

use super::awaited_acks::AwaitedAcks;
use super::io::Io;
use crate::core::link::Link;
use crate::id::{PendingAckId, SocketId};

impl Io {
    /// Returns what is known of the connection of a socket, as of the last [`end_of_turn`](Self::end_of_turn).
    pub(crate) fn link(&self, socket: SocketId) -> Option<Link> {
        self.world_handle().upgrade()?.link(socket)
    }

    /// Returns a future that is ready when everything that was sent in this turn is handed to the runtime, without acknowledgements.
    pub(crate) fn end_of_turn(&self) -> AwaitedAcks {
        let world = self.world_handle().upgrade();
        let (pending, receiver) = world
            .as_ref()
            .map_or_else(|| (PendingAckId(0), futures::channel::oneshot::channel().1), |world| world.await_acks());
        if let Some(world) = world {
            world.end_turn_first(pending, false);
        }
        AwaitedAcks::new(self.world_handle().clone(), pending, receiver)
    }
}
