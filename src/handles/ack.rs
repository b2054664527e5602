//! Acknowledgements, both ways (Socket.IO 5, "Acknowledgement").

use super::world_api::WorldHandle;
use crate::core::acks::CollectedAcks;
use crate::core::input::Command;
use crate::error::AckError;
use crate::error::AckFailure;
use crate::error::BroadcastAckError;
use crate::error::EmitError;
use crate::error::IncompleteAcks;
use crate::id::{AckId, PendingAckId, SocketId};
use crate::value::{Args, EncodeError, FromArgs, IntoArgs};
use core::cell::Cell;
use futures::channel::oneshot;
use std::rc::Rc;

/// Acknowledges an event, once; it may be kept for later, while the world is awake. If it is dropped, the client gets no
/// acknowledgement. If the client did not ask for one, it does nothing.
///
/// ```
/// use dormouse::testing::TestWorld;
/// use dormouse::response::AckSender;
/// use dormouse::{App, Failure, Socket};
///
/// fn app() -> App {
///     App::new().namespace("/", |ns| ns.on("delete", delete))
/// }
///
/// async fn delete(socket: Socket, ack: AckSender) -> Result<(), Failure> {
///     let is_sure: bool = socket.emit_with_ack("sure?", ()).await?;
///     Ok(ack.send(if is_sure { "deleted" } else { "kept" })?)
/// }
///
/// let world = TestWorld::new(app);
/// let anna = world.connect("/");
/// let ack = anna.emit_with_ack("delete", ());
/// anna.ack(&anna.next_event().expect("the question"), false);
/// assert_eq!(ack.answer().expect("an answer").parse::<String>()?, "kept");
/// # Ok::<(), dormouse::error::DecodeError>(())
/// ```
#[derive(Debug)]
#[must_use = "the client waits for an acknowledgement"]
pub struct AckSender(AckSlot);

impl AckSender {
    /// Whether the client asked for an acknowledgement and has none yet.
    pub fn is_wanted(&self) -> bool {
        self.0.is_wanted()
    }

    /// Sends the acknowledgement: a tuple is several arguments, everything else is one.
    ///
    /// # Errors
    /// An argument cannot be sent; the client gets no acknowledgement.
    pub fn send(self, args: impl IntoArgs) -> Result<(), EncodeError> {
        self.0.send(args.into_args()?);
        Ok(())
    }
}

/// The acknowledgement that an event's handlers owe: the first of them to send one sends it.
#[derive(Clone, Debug)]
pub struct AckSlot(Rc<Slot>);

#[derive(Debug)]
struct Slot {
    world: WorldHandle,
    socket: SocketId,
    id: Cell<Option<AckId>>,
}

impl AckSlot {
    pub(crate) fn new(world: WorldHandle, socket: SocketId, id: Option<AckId>) -> Self {
        Self(Rc::new(Slot { world, socket, id: Cell::new(id) }))
    }

    pub(crate) fn sender(&self) -> AckSender {
        AckSender(self.clone())
    }

    pub(crate) fn is_wanted(&self) -> bool {
        self.0.id.get().is_some()
    }

    /// Sends the acknowledgement if the client still waits for one; returns whether it did.
    pub(crate) fn send(&self, args: Args) -> bool {
        let Slot { world, socket, id } = &*self.0;
        let Some(id) = id.take() else { return false };
        world.perform(Command::Ack { socket: *socket, id, args });
        true
    }
}

/// Acknowledgements that are awaited. Dropping it cancels them.
#[derive(Debug)]
pub(crate) struct Waiting {
    world: WorldHandle,
    pending: PendingAckId,
    receiver: Option<oneshot::Receiver<CollectedAcks>>,
}

impl Waiting {
    pub(crate) const fn new(
        world: WorldHandle,
        pending: PendingAckId,
        receiver: oneshot::Receiver<CollectedAcks>,
    ) -> Self {
        Self { world, pending, receiver: Some(receiver) }
    }

    /// Returns all acknowledgements; none if the world is gone.
    pub(crate) async fn all(mut self) -> CollectedAcks {
        match self.receiver.as_mut() {
            Some(receiver) => {
                let answered = receiver.await.unwrap_or_default();
                self.receiver = None;
                answered
            }
            None => CollectedAcks::default(),
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if self.receiver.is_some() {
            self.world.perform(Command::CancelAck(self.pending));
        }
    }
}

/// Returns one client's acknowledgement.
pub(crate) async fn one<T: FromArgs>(waiting: Result<Waiting, EmitError>) -> Result<T, AckError> {
    let CollectedAcks { acks, missing } = waiting.map_err(AckError::Emit)?.all().await;
    if let Some((_, args)) = acks.into_iter().next() {
        return T::from_args(args).map_err(AckError::Invalid);
    }
    Err(AckError::Failed(missing.first().map_or(AckFailure::Disconnected, |&(_, why)| why)))
}

/// Returns the acknowledgements of a broadcast.
pub(crate) async fn many<T: FromArgs>(
    waiting: Result<Waiting, EmitError>,
) -> Result<Vec<(SocketId, T)>, BroadcastAckError<T>> {
    let CollectedAcks { acks, missing } = waiting.map_err(BroadcastAckError::Emit)?.all().await;
    let mut missing: Vec<_> = missing.into_iter().map(|(id, why)| (id, AckError::Failed(why))).collect();
    let mut parsed = Vec::with_capacity(acks.len());
    for (id, args) in acks {
        match T::from_args(args) {
            Ok(answer) => parsed.push((id, answer)),
            Err(error) => missing.push((id, AckError::Invalid(error))),
        }
    }
    if missing.is_empty() {
        return Ok(parsed);
    }
    Err(BroadcastAckError::Incomplete(IncompleteAcks { acks: parsed, missing }))
}
