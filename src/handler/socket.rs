//! What a handler is given: the socket, and what it sent.

use serde::de::DeserializeOwned;

use crate::effect::SocketRef;
use crate::error::Fault;
use crate::id::{AckId, Namespace, Room, SocketId};
use crate::input::{Command, Target};
use crate::socket::RESERVED_EVENTS;
use crate::value::Args;

/// A client in a namespace, while one of its handlers runs. What the handler does takes effect in order when it
/// returns; if it panics, none of it does.
#[derive(Debug)]
pub struct Socket<'a> {
    socket: &'a SocketRef,
    commands: &'a mut Vec<Command>,
}

/// An event that a client emitted.
#[derive(Debug)]
pub struct Event {
    /// Its name.
    pub name: Box<str>,
    /// Its arguments.
    pub args: Args,
    /// Where the client asked for an acknowledgement, what answers it.
    pub ack: Option<AckSender>,
}

/// Answers an event, once. Dropped, it leaves the client without an answer.
#[derive(Debug)]
#[must_use = "the client waits for an answer"]
pub struct AckSender {
    socket: SocketId,
    id: AckId,
}

/// Chooses who hears an event; made by [`Socket::to`], [`Socket::except`] and [`Socket::broadcast`].
#[derive(Debug)]
#[must_use = "nothing is sent before `emit`"]
pub struct Emitter<'s> {
    target: Target,
    commands: &'s mut Vec<Command>,
}

impl<'a> Socket<'a> {
    pub(super) const fn new(socket: &'a SocketRef, commands: &'a mut Vec<Command>) -> Self {
        Self { socket, commands }
    }

    /// The socket's id.
    pub const fn id(&self) -> SocketId {
        self.socket.id
    }

    /// The namespace that it is in.
    pub const fn namespace(&self) -> &Namespace {
        &self.socket.namespace
    }

    /// What the client sent with CONNECT.
    ///
    /// # Errors
    /// It does not fit `T`.
    pub fn auth<T: DeserializeOwned>(&self) -> serde_json::Result<T> {
        serde_json::from_str(&self.socket.auth)
    }

    /// Emits to this client only.
    ///
    /// # Errors
    /// [`Fault::Misuse`] when Socket.IO keeps the event's name for itself.
    pub fn emit(&mut self, event: &str, args: Args) -> Result<(), Fault> {
        check_event(event)?;
        self.commands.push(Command::EmitTo { socket: self.socket.id, event: event.into(), args });
        Ok(())
    }

    /// Emits to everybody else in the namespace.
    pub fn broadcast(&mut self) -> Emitter<'_> {
        self.emitter()
    }

    /// Emits to everybody else in a room.
    pub fn to(&mut self, room: impl Into<Room>) -> Emitter<'_> {
        self.emitter().to(room)
    }

    /// Emits to everybody else in the namespace who is not in a room.
    pub fn except(&mut self, room: impl Into<Room>) -> Emitter<'_> {
        self.emitter().except(room)
    }

    /// Puts the socket into a room.
    pub fn join(&mut self, room: impl Into<Room>) {
        self.commands.push(Command::Join { socket: self.socket.id, room: room.into() });
    }

    /// Takes the socket out of a room.
    pub fn leave(&mut self, room: impl Into<Room>) {
        self.commands.push(Command::Leave { socket: self.socket.id, room: room.into() });
    }

    /// Disconnects the socket from its namespace; with `close`, its client's connection is closed, with all of its
    /// namespaces.
    pub fn disconnect(&mut self, close: bool) {
        self.commands.push(Command::Disconnect { socket: self.socket.id, close });
    }

    fn emitter(&mut self) -> Emitter<'_> {
        let target = Target { sender: Some(self.socket.id), ..Target::namespace(self.socket.namespace.clone()) };
        Emitter { target, commands: self.commands }
    }
}

impl AckSender {
    pub(super) const fn new(socket: SocketId, id: AckId) -> Self {
        Self { socket, id }
    }

    /// Answers with `args`; `socket` is the one whose handler runs.
    pub fn send(self, socket: &mut Socket<'_>, args: Args) {
        socket.commands.push(Command::Ack { socket: self.socket, id: self.id, args });
    }
}

impl Emitter<'_> {
    /// Also to a room; a socket in several hears the event once.
    pub fn to(mut self, room: impl Into<Room>) -> Self {
        self.target.rooms.push(room.into());
        self
    }

    /// Not to who is in a room.
    pub fn except(mut self, room: impl Into<Room>) -> Self {
        self.target.except.push(room.into());
        self
    }

    /// Emits.
    ///
    /// # Errors
    /// [`Fault::Misuse`] when Socket.IO keeps the event's name for itself; nothing is sent.
    pub fn emit(self, event: &str, args: Args) -> Result<(), Fault> {
        check_event(event)?;
        self.commands.push(Command::Emit { target: self.target, event: event.into(), args });
        Ok(())
    }
}

fn check_event(event: &str) -> Result<(), Fault> {
    if RESERVED_EVENTS.contains(&event) {
        return Err(Fault::Misuse(format!("Socket.IO keeps the event name {event:?} for itself")));
    }
    Ok(())
}
