//! Events that wait until a socket's packet middleware has decided about an earlier event.

use std::collections::VecDeque;

use litemap::LiteMap;

use crate::core::dispatch::Dispatch;
use crate::id::SocketId;
use crate::limits::MAX_QUEUED_EVENTS;

/// The sockets whose packet middleware is waiting, each with the events that arrived after the one that it decides about.
#[derive(Debug)]
pub(crate) struct HeldEvents {
    by_socket: LiteMap<SocketId, VecDeque<Dispatch>>,
    /// The size of the arguments of all these events, in bytes.
    bytes: usize,
}

impl HeldEvents {
    /// Returns a list without sockets.
    pub(crate) const fn new() -> Self {
        Self { by_socket: LiteMap::new(), bytes: 0 }
    }

    /// Holds the later events of a socket from now on.
    pub(crate) fn hold(&mut self, socket: SocketId) {
        self.by_socket.insert(socket, VecDeque::new());
    }

    /// Whether the events of a socket are held.
    pub(crate) fn is_held(&self, socket: SocketId) -> bool {
        self.by_socket.contains_key(&socket)
    }

    /// Whether as many events of a socket are held as may be ([`MAX_QUEUED_EVENTS`]).
    pub(crate) fn is_full(&self, socket: SocketId) -> bool {
        self.by_socket.get(&socket).is_some_and(|queue| queue.len() >= MAX_QUEUED_EVENTS)
    }

    /// Appends an event of a socket whose events are held.
    pub(crate) fn push(&mut self, socket: SocketId, event: Dispatch) {
        if let Some(queue) = self.by_socket.get_mut(&socket) {
            self.bytes = self.bytes.saturating_add(args_bytes(&event));
            queue.push_back(event);
        }
    }

    /// Stops holding the events of a socket, and returns them in order.
    pub(crate) fn release(&mut self, socket: SocketId) -> VecDeque<Dispatch> {
        let events = self.by_socket.remove(&socket).unwrap_or_default();
        self.bytes = self.bytes.saturating_sub(events.iter().map(args_bytes).sum());
        events
    }

    /// Returns the size of the arguments of a socket's held events, in bytes.
    pub(crate) fn bytes_of(&self, socket: SocketId) -> usize {
        self.by_socket.get(&socket).map_or(0, |queue| queue.iter().map(args_bytes).sum())
    }

    /// Returns how many events are held.
    pub(crate) fn count(&self) -> usize {
        self.by_socket.iter().map(|(_, queue)| queue.len()).sum()
    }

    /// Returns the size of the arguments of all held events, in bytes.
    pub(crate) const fn bytes(&self) -> usize {
        self.bytes
    }
}

fn args_bytes(event: &Dispatch) -> usize {
    match event {
        Dispatch::Event { args, .. } => args.len_bytes(),
        _ => 0,
    }
}
