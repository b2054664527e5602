//! Acknowledgements that handlers send (Socket.IO 5, "Acknowledgement").

use core::cell::{Cell, OnceCell};
use std::rc::Rc;

use super::socket::Socket;
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
pub struct AckSender(Rc<Slot>);

impl AckSender {
    /// Whether the client asked for an acknowledgement and has none yet.
    pub fn is_wanted(&self) -> bool {
        self.0.id.get().is_some()
    }

    /// Sends the acknowledgement: a tuple is several arguments, everything else is one.
    ///
    /// # Errors
    /// An argument cannot be sent. The client gets no acknowledgement then.
    pub fn send(self, args: impl IntoArgs) -> Result<(), EncodeError> {
        let args = args.into_args()?;
        let Slot { world, socket, id } = &*self.0;
        send(world, *socket, id, || args);
        Ok(())
    }
}

/// The acknowledgement of an event, shared by the event's handlers: the first one that is sent counts.
#[derive(Debug)]
pub(crate) struct AckSlot {
    /// The id, until a handler takes an [`AckSender`].
    id: Cell<Option<AckId>>,
    /// What the senders share, which may outlive the event.
    shared: OnceCell<Rc<Slot>>,
}

#[derive(Debug)]
struct Slot {
    world: WorldHandle,
    socket: SocketId,
    id: Cell<Option<AckId>>,
}

impl AckSlot {
    pub(crate) const fn new(id: Option<AckId>) -> Self {
        Self { id: Cell::new(id), shared: OnceCell::new() }
    }

    /// Returns a sender of the acknowledgement of an event that `socket` sent.
    pub(crate) fn sender(&self, socket: &Socket) -> AckSender {
        let share = || Slot { world: socket.world.clone(), socket: socket.id(), id: Cell::new(self.id.take()) };
        AckSender(Rc::clone(self.shared.get_or_init(|| Rc::new(share()))))
    }

    /// Sends the acknowledgement if the client, which is that of `socket`, still waits for one; returns whether it did.
    pub(crate) fn send(&self, socket: &Socket, args: Args) -> bool {
        self.send_with(socket, || args)
    }

    /// Does the same with what `args` returns, which is called only if the client waits.
    pub(crate) fn send_with(&self, socket: &Socket, args: impl FnOnce() -> Args) -> bool {
        let id = self.shared.get().map_or(&self.id, |shared| &shared.id);
        send(&socket.world, socket.id(), id, args)
    }
}

fn send(world: &WorldHandle, socket: SocketId, id: &Cell<Option<AckId>>, args: impl FnOnce() -> Args) -> bool {
    let Some(id) = id.take() else { return false };
    world.perform(Command::Ack { socket, id, args: args() });
    true
}
