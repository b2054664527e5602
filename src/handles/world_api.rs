//! The trait through which handles reach their world.

use core::fmt;
use std::rc::{Rc, Weak};

use futures::channel::oneshot;

use crate::core::acks::CollectedAcks;
use crate::core::dispatch::SocketRef;
use crate::core::input::{Command, Emission, Recipients};
use crate::core::link::Link;
use crate::core::meter::Awake;
use crate::core::view::SocketView;
use crate::error::JoinError;
use crate::id::{Namespace, PendingAckId, Room, SocketId};
use crate::limits::MAX_NAME_BYTES;
use crate::log::{Level, Record};
use crate::outside::Outside;
use crate::time::Timestamp;

/// A world, as its handles use it. Commands take effect at once.
pub(crate) trait WorldApi {
    /// Returns the time.
    fn now(&self) -> Timestamp;
    /// Performs a command.
    fn perform(&self, command: Command);
    /// Emits an event.
    ///
    /// # Errors
    /// It is too large for so many recipients. Returns its bytes for all of them; nothing is sent.
    fn emit(&self, emission: Emission<'_>) -> Result<(), usize>;
    /// Returns the number and the receiver for acknowledgements that are about to be awaited.
    fn await_acks(&self) -> (PendingAckId, oneshot::Receiver<CollectedAcks>);
    /// Calls `look` with a socket that is in its namespace or joins it; does nothing if the socket is gone. `look` must not call
    /// the world.
    fn with_socket(&self, socket: SocketId, look: &mut dyn FnMut(&SocketView<'_>));
    /// Returns the sockets that `to` matches.
    fn resolve(&self, to: &Recipients) -> Vec<SocketRef>;
    /// Checks [`Command::Join`], which skips the sockets that the error names.
    ///
    /// # Errors
    /// Some sockets would be in too many rooms, or the world would have to store too much.
    fn check_join(&self, to: &Recipients, rooms: &[Room]) -> Result<(), JoinError>;
    /// Returns whether the data of a socket may have so many bytes, or the world would have to store too much.
    fn can_store_data(&self, socket: SocketId, bytes: usize) -> bool;
    /// Returns the namespaces that have a socket.
    fn namespaces(&self) -> Vec<Namespace>;
    /// Returns the namespaces of `template`, written as it was registered, that have a socket.
    fn children(&self, template: &str) -> Vec<Namespace>;
    /// Returns the part of a namespace's name that its template calls `name`.
    fn namespace_param(&self, namespace: &Namespace, name: &str) -> Option<String>;
    /// Whether the app has no `on_ack` handler of this name in a namespace. False if that is not known: a namespace that only a
    /// predicate accepts has no known handlers while it has no socket.
    fn lacks_ack_handler(&self, namespace: &Namespace, predicate: Option<u32>, name: &str) -> bool;
    /// Whether the app has a handler for an alarm of this name.
    fn has_alarm_handler(&self, name: &str) -> bool;
    /// Returns what is known of the connection of a socket that is in its namespace. It is as when the last response of
    /// [`end_turn_first`](Self::end_turn_first) came, or when a call of the admin HTTP API began.
    fn link(&self, socket: SocketId) -> Option<Link>;
    /// Makes acknowledgements that are awaited come at the end of their turn, when everything is sent. If none were asked for, they come
    /// at the end of this turn.
    fn end_turn_first(&self, pending: PendingAckId, is_asked: bool);
    /// Returns since when the world is awake, and why.
    fn awake(&self) -> Awake;
    /// Returns how many clients are connected.
    fn clients_count(&self) -> usize;
    /// Returns the time at which a named alarm is due, and its context as JSON.
    fn alarm(&self, name: &str) -> Option<(Timestamp, Rc<str>)>;
    /// Returns the number of named alarms including this one.
    fn alarms_with(&self, name: &str) -> usize;
    /// Sets a named alarm to a time, with its context as JSON, or deletes it.
    ///
    /// # Errors
    /// The platform could not store it. The earlier alarm stays.
    fn set_alarm(&self, name: &str, alarm: Option<(Timestamp, Rc<str>)>) -> Result<(), String>;
    /// Reads from the world's storage.
    ///
    /// # Errors
    /// The platform failed.
    fn read(&self, owner: Owner, key: &str) -> Result<Option<String>, String>;
    /// Writes to the world's storage, or deletes from it. What the app's handlers write is undone if they fail.
    ///
    /// # Errors
    /// The platform failed.
    fn write(&self, owner: Owner, key: &str, value: Option<&str>) -> Result<(), String>;
    /// Returns the keys in the world's storage that start with `prefix`, in order.
    ///
    /// # Errors
    /// The platform failed.
    fn keys(&self, owner: Owner, prefix: &str) -> Result<Vec<String>, String>;
    /// Begins to record what a handler writes.
    fn begin_handler(&self);
    /// Ends the recording because the handler has ended or waits. If it failed, undoes what it has written.
    fn end_handler(&self, has_failed: bool);
    /// Calls `body`. If that panics or returns false, undoes what it has written.
    ///
    /// # Errors
    /// The platform failed to undo it.
    fn transaction(&self, body: &mut dyn FnMut() -> bool) -> Result<(), String>;
    /// Charges the client because of which the running handler was called for rows that SQL has written.
    #[cfg(feature = "sql")]
    fn charge_rows(&self, rows: u32);
    /// Forgets which migrations were run, and runs all of them.
    ///
    /// # Errors
    /// One has failed.
    #[cfg(feature = "sql")]
    fn migrate_anew(&self) -> Result<(), String>;
    /// Returns a variable or secret of the deployment.
    fn variable(&self, name: &str) -> Option<String>;
    /// Returns what the platform has beside the world's own tables.
    fn outside(&self) -> Outside;
    /// Whether lines of a level are written to the log.
    fn logs(&self, level: Level) -> bool;
    /// Writes a line to the log that somebody asked for, such as the app. The caller has asked [`logs`](Self::logs).
    fn note(&self, record: Box<Record>);
    /// Writes a problem to the log, if its level is written, or if it is about what is traced.
    fn log(&self, record: Box<Record>);
    /// Whether a socket or an event is traced.
    fn is_traced(&self, socket: Option<SocketId>, event: Option<&str>) -> bool;
    /// Calls `describe` with the name of each alarm that is a trace, and when it ends.
    fn each_trace(&self, describe: &mut dyn FnMut(&str, Timestamp));
}

/// The alarm that deletes the sessions of users that have ended. What a handler does with it is not undone.
pub(crate) const SESSIONS_ALARM: &str = "dormouse.sessions";

/// Whose rows they are in a world's storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// The app's.
    App,
    /// Those of the sessions of users.
    Sessions,
}

impl Owner {
    /// Returns what the keys of the rows begin with in the table.
    pub(crate) const fn key_prefix(self) -> &'static str {
        match self {
            Self::App => "app:",
            Self::Sessions => "session:",
        }
    }
}

/// A weak reference to a world. The world may be gone: an object's memory can be lost while a handler waits.
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

    /// Returns whether both are of the same world.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        core::ptr::addr_eq(self.0.as_ptr(), other.0.as_ptr())
    }

    pub(crate) fn perform(&self, command: Command) {
        if let Some(world) = self.upgrade() {
            world.perform(command);
        }
    }

    /// Returns the time; 1970 if the world is gone.
    pub(crate) fn now(&self) -> Timestamp {
        self.upgrade().map_or_else(Timestamp::default, |world| world.now())
    }

    /// Begins to record what a handler writes. Returns the time.
    pub(crate) fn begin_handler(&self) -> Timestamp {
        let Some(world) = self.upgrade() else { return Timestamp::default() };
        world.begin_handler();
        world.now()
    }

    /// Ends the recording because the handler has ended or waits. If it failed, undoes what it has written.
    pub(crate) fn end_handler(&self, has_failed: bool) {
        if let Some(world) = self.upgrade() {
            world.end_handler(has_failed);
        }
    }

    /// Makes sockets join rooms: each socket joins all of them or none.
    pub(crate) fn join(&self, to: Recipients, rooms: Vec<Room>) -> Result<(), JoinError> {
        let too_long = rooms.iter().map(|room| room.as_str().len()).find(|bytes| *bytes > MAX_NAME_BYTES);
        if let Some(bytes) = too_long {
            return Err(JoinError::NameTooLong(bytes));
        }
        let Some(world) = self.upgrade() else { return Ok(()) };
        let checked = world.check_join(&to, &rooms);
        world.perform(Command::Join { to, rooms });
        checked
    }
}

impl fmt::Debug for WorldHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WorldHandle")
    }
}
