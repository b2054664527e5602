//! What became of an event that was emitted: an event that was written is one that the client may have got.

use super::body::Emit;
use crate::handles::{Io, Socket};
use crate::id::SocketId;
use crate::value::json_writer::push_number;

/// An event that was emitted, and for how many sockets it was written, and was not.
#[derive(Debug)]
pub(super) struct Emitted {
    sockets: Vec<Socket>,
    /// Whether acknowledgements were asked for.
    pub(super) asks: bool,
    /// Those whose clients had read everything before: it was handed to the runtime, or is the response to a GET.
    written: usize,
    /// Those whose clients had not, or have no GET that hangs: it waits.
    held: usize,
    /// Those whose clients are not ready for what is volatile.
    dropped: usize,
}

impl Emitted {
    /// Returns what becomes of an event, before it is emitted.
    pub(super) fn new(io: &Io, sockets: Vec<Socket>, call: &Emit) -> Self {
        let mut emitted = Self { sockets, asks: call.ack.is_some(), written: 0, held: 0, dropped: 0 };
        for link in emitted.sockets.iter().filter_map(|socket| io.link(socket.id())) {
            let count = if call.volatile && !link.is_ready {
                &mut emitted.dropped
            } else if link.holds {
                &mut emitted.held
            } else {
                &mut emitted.written
            };
            *count += 1;
        }
        emitted
    }

    /// Returns whether a socket that has not acknowledged has the event: `None` if it is not connected, or if it is not known whether the
    /// event was dropped.
    pub(super) fn delivery(&self, io: &Io, socket: SocketId) -> Option<&'static str> {
        let link = io.link(socket).filter(|_| self.dropped == 0)?;
        Some(if link.unsent == 0 { "written" } else { "held" })
    }

    /// Appends the numbers, as members of an object.
    pub(super) fn write(&self, io: &Io, out: &mut String) {
        let closed = self.sockets.iter().filter(|socket| io.link(socket.id()).is_none()).count();
        let numbers = [
            (r#""matched":"#, self.sockets.len()),
            (r#","written":"#, self.written),
            (r#","held":"#, self.held),
            (r#","dropped":"#, self.dropped),
            (r#","closed":"#, closed),
        ];
        for (name, number) in numbers {
            out.push_str(name);
            push_number(number as u64, out);
        }
    }
}
