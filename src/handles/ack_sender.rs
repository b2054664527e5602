//! Acknowledgements that handlers send (Socket.IO 5, "Acknowledgement").

use core::cell::Cell;
use std::rc::Rc;

use super::world_api::WorldHandle;
use crate::core::input::Command;
use crate::id::{AckId, SocketId};
use crate::value::{Args, EncodeError, IntoArgs};

/// The sender of one event's acknowledgement. A handler may keep it for later, while the world is awake. If it is dropped, the
/// client gets no acknowledgement. If the client did not ask for one, sending does nothing.
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
/// assert_eq!(ack.args().expect("an acknowledgement").parse::<String>()?, "kept");
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
    /// An argument cannot be sent. The client gets no acknowledgement then.
    pub fn send(self, args: impl IntoArgs) -> Result<(), EncodeError> {
        self.0.send(args.into_args()?);
        Ok(())
    }
}

/// The acknowledgement of an event, shared by the event's handlers: the first one that is sent counts.
#[derive(Clone, Debug)]
pub(crate) struct AckSlot(Rc<Slot>);

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
