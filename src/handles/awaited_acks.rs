//! Acknowledgements of clients that handlers await.

use futures::channel::oneshot;

use super::world_api::WorldHandle;
use crate::core::acks::CollectedAcks;
use crate::core::input::Command;
use crate::error::{AckError, AckFailure, BroadcastAckError, EmitError, IncompleteAcks};
use crate::id::{PendingAckId, SocketId};
use crate::value::FromArgs;

/// Acknowledgements that a handler awaits. Dropping this cancels them.
#[derive(Debug)]
pub(crate) struct AwaitedAcks {
    world: WorldHandle,
    pending: PendingAckId,
    receiver: Option<oneshot::Receiver<CollectedAcks>>,
}

impl AwaitedAcks {
    pub(crate) const fn new(
        world: WorldHandle,
        pending: PendingAckId,
        receiver: oneshot::Receiver<CollectedAcks>,
    ) -> Self {
        Self { world, pending, receiver: Some(receiver) }
    }

    /// Makes them come at the end of the turn in which the last one comes, when everything is sent.
    pub(crate) fn at_end_of_turn(self) -> Self {
        if let Some(world) = self.world.upgrade() {
            world.end_turn_first(self.pending, true);
        }
        self
    }

    /// Waits for all acknowledgements, and returns them; none if the world is gone.
    pub(crate) async fn all(mut self) -> CollectedAcks {
        match self.receiver.as_mut() {
            Some(receiver) => {
                let acks = receiver.await.unwrap_or_default();
                self.receiver = None;
                acks
            }
            None => CollectedAcks::default(),
        }
    }
}

impl Drop for AwaitedAcks {
    fn drop(&mut self) {
        if self.receiver.is_some() {
            self.world.perform(Command::CancelAck(self.pending));
        }
    }
}

/// Waits for one client's acknowledgement, and parses it.
pub(crate) async fn one<T: FromArgs>(awaited: Result<AwaitedAcks, EmitError>) -> Result<T, AckError> {
    let CollectedAcks { acks, missing } = awaited.map_err(AckError::Emit)?.all().await;
    if let Some((_, args)) = acks.into_iter().next() {
        return T::from_args(args).map_err(AckError::Invalid);
    }
    Err(AckError::Failed(missing.first().map_or(AckFailure::Disconnected, |&(_, why)| why)))
}

/// Waits for the acknowledgements of a broadcast, and parses them.
pub(crate) async fn many<T: FromArgs>(
    awaited: Result<AwaitedAcks, EmitError>,
) -> Result<Vec<(SocketId, T)>, BroadcastAckError<T>> {
    let CollectedAcks { acks, missing } = awaited.map_err(BroadcastAckError::Emit)?.all().await;
    let mut missing: Vec<_> = missing.into_iter().map(|(id, why)| (id, AckError::Failed(why))).collect();
    let mut parsed = Vec::with_capacity(acks.len());
    for (id, args) in acks {
        match T::from_args(args) {
            Ok(ack) => parsed.push((id, ack)),
            Err(error) => missing.push((id, AckError::Invalid(error))),
        }
    }
    if missing.is_empty() {
        return Ok(parsed);
    }
    Err(BroadcastAckError::Incomplete(IncompleteAcks { acks: parsed, missing }))
}
