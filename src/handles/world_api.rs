//! The world, as its handles reach it.

use core::fmt;
use std::rc::{Rc, Weak};

use futures::channel::oneshot;

use crate::core::acks::CollectedAcks;
use crate::core::dispatch::SocketRef;
use crate::core::input::{Command, Recipients};
use crate::core::view::SocketView;
use crate::error::JoinError;
use crate::id::{Namespace, PendingAckId, Room, SocketId};
use crate::limits::MAX_NAME_BYTES;
use crate::time::Timestamp;

/// A world, as its handles see it. Commands take effect at once.
pub(crate) trait WorldApi {
    /// Returns the time.
    fn now(&self) -> Timestamp;
    /// Performs a command.
    fn perform(&self, command: Command);
    /// Returns a number for acknowledgements that are to be awaited, and where they will come.
    fn await_acks(&self) -> (PendingAckId, oneshot::Receiver<CollectedAcks>);
    /// Calls `look` with a socket that is in its namespace or on its way into it; does nothing when it is gone. `look` must
    /// leave the world alone.
    fn with_socket(&self, socket: SocketId, look: &mut dyn FnMut(&SocketView<'_>));
    /// Returns the sockets that are meant.
    fn resolve(&self, to: &Recipients) -> Vec<SocketRef>;
    /// Returns the sockets among those meant that would be in too many rooms if they joined these.
    fn without_room_for(&self, to: &Recipients, rooms: &[Room]) -> Vec<SocketId>;
    /// Returns the namespaces that have a socket.
    fn namespaces(&self) -> Vec<Namespace>;
    /// Returns those namespaces that have a socket and exist by `template`, as it was registered.
    fn children(&self, template: &str) -> Vec<Namespace>;
    /// Returns the part of a namespace's name that its template calls `name`.
    fn namespace_param(&self, namespace: &Namespace, name: &str) -> Option<String>;
    /// Whether the app has no handler of this name for acknowledgements in a namespace. Of a namespace that has no socket, that
    /// is not always known: then it has one.
    fn lacks_ack_handler(&self, namespace: &Namespace, predicate: Option<u32>, name: &str) -> bool;
    /// Whether the app has a handler for an alarm of this name.
    fn has_alarm_handler(&self, name: &str) -> bool;
    /// Returns how many clients are connected.
    fn clients_count(&self) -> usize;
    /// Returns when a named alarm is due, and its context, as JSON.
    fn alarm(&self, name: &str) -> Option<(Timestamp, Rc<str>)>;
    /// Returns how many named alarms there would be with this one, and their bytes as they are written.
    fn alarms_with(&self, name: &str, context: &str) -> (usize, usize);
    /// Reads from the world's storage.
    ///
    /// # Errors
    /// The platform's own.
    fn read(&self, key: &str) -> Result<Option<String>, String>;
    /// Writes to the world's storage, or deletes from it.
    ///
    /// # Errors
    /// The platform's own.
    fn write(&self, key: &str, value: Option<&str>) -> Result<(), String>;
    /// Returns the keys in the world's storage that start with `prefix`, in order.
    ///
    /// # Errors
    /// The platform's own.
    fn keys(&self, prefix: &str) -> Result<Vec<String>, String>;
    /// Returns a variable or secret of the deployment.
    fn variable(&self, name: &str) -> Option<String>;
    /// Writes a line of the app's to the log.
    fn note(&self, line: String);
    /// Writes a line about a problem to the log.
    fn log(&self, line: String);
}

/// A world, as handles hold it. The world may be gone: an object's memory can be lost while a handler waits.
#[derive(Clone)]
pub(crate) struct WorldHandle(Weak<dyn WorldApi>);

impl WorldHandle {
    /// Returns a handle that does not keep the world alive.
    pub(crate) fn new(world: &Rc<impl WorldApi + 'static>) -> Self {
        let weak: Weak<_> = Rc::downgrade(world);
        Self(weak)
    }

    /// Returns the world, if it is still there.
    pub(crate) fn upgrade(&self) -> Option<Rc<dyn WorldApi>> {
        self.0.upgrade()
    }

    pub(crate) fn perform(&self, command: Command) {
        if let Some(world) = self.upgrade() {
            world.perform(command);
        }
    }

    /// Makes sockets join rooms, each all of them or none.
    pub(crate) fn join(&self, to: Recipients, rooms: Vec<Room>) -> Result<(), JoinError> {
        let too_long = rooms.iter().map(|room| room.as_str().len()).find(|bytes| *bytes > MAX_NAME_BYTES);
        if let Some(bytes) = too_long {
            return Err(JoinError::NameTooLong(bytes));
        }
        let Some(world) = self.upgrade() else { return Ok(()) };
        let full = world.without_room_for(&to, &rooms);
        world.perform(Command::Join { to, rooms });
        if full.is_empty() { Ok(()) } else { Err(JoinError::TooManyRooms(full)) }
    }
}

impl fmt::Debug for WorldHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WorldHandle")
    }
}
