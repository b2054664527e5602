//! What the log tells of sockets and events: who connects and disconnects, if `LOG` is debug, and everything of those that are
//! traced.

use core::fmt;
use std::rc::Rc;

use super::Server;
use super::limited::RATE_LIMITED;
use crate::core::account::Payer;
use crate::core::dispatch::SocketRef;
use crate::core::effect::{Effect, Effects};
use crate::core::engineio::Reach;
use crate::core::input::{AckRequest, Emission, Recipients};
use crate::core::namespace::SocketRecord;
use crate::core::traces::{TRACED_EVENT, TRACED_SOCKET, conclude};
use crate::id::{AckId, Namespace, SocketId};
use crate::log::{Level, Record};
use crate::time::Timestamp;

impl Server {
    /// Calls `describe` with the name of each trace, and when it ends.
    pub fn each_trace(&self, describe: &mut dyn FnMut(&str, Timestamp)) {
        self.alarms.traces().for_each(|(name, at)| describe(name, at));
    }

    /// Returns whether a socket or an event is traced.
    #[inline(never)]
    pub fn is_traced(&self, socket: Option<SocketId>, event: Option<&str>) -> bool {
        self.alarms.has_traces()
            && (socket.is_some_and(|id| self.alarms.is_traced(TRACED_SOCKET, id.as_str()))
                || event.is_some_and(|event| self.alarms.is_traced(TRACED_EVENT, event)))
    }

    /// Logs that a socket joins or leaves its namespace, or that a client may not join it.
    #[inline(never)]
    pub(super) fn log_connection(
        &self,
        event: &'static str,
        (namespace, socket): (&Namespace, Option<SocketId>),
        code: &str,
        fx: &mut Effects,
    ) {
        let is_traced = self.is_traced(socket, Some(event));
        if is_traced || self.config.logs(Level::Debug) {
            let (level, start) = if is_traced { (Level::Info, "trace: ") } else { (Level::Debug, "") };
            let record = Record::new(level, [start, event].concat());
            fx.push(Effect::Note(record.of(namespace, socket).code(code.to_owned())));
        }
    }

    /// Writes the line of a trace about an event that arrived.
    #[cold]
    #[inline(never)]
    pub(super) fn trace_event(
        &self,
        socket: &SocketRef,
        event: &Rc<str>,
        (bytes, ack): (usize, Option<AckId>),
        fx: &mut Effects,
    ) {
        if self.is_traced(Some(socket.id), Some(event)) {
            let ack = ack.map_or("which asks for none".to_owned(), |AckId(id)| id.to_string());
            let text = format_args!("received, {bytes} bytes, acknowledgement {ack}");
            write((&socket.namespace, Some(socket.id)), Some(event), ("RECEIVED", text), fx);
        }
    }

    /// Writes the line of a trace about an acknowledgement that arrived.
    #[cold]
    #[inline(never)]
    pub(super) fn trace_ack(&self, socket: &SocketRef, AckId(id): AckId, bytes: usize, fx: &mut Effects) {
        if self.is_traced(Some(socket.id), None) {
            let text = format_args!("the acknowledgement {id} is received, {bytes} bytes");
            write((&socket.namespace, Some(socket.id)), None, ("ACKNOWLEDGED", text), fx);
        }
    }

    /// Writes the line of a trace about the acknowledgement of a client's event.
    #[cold]
    #[inline(never)]
    pub(super) fn trace_answer(&self, id: SocketId, AckId(ack): AckId, bytes: usize, fx: &mut Effects) {
        if self.is_traced(Some(id), None) {
            self.trace_delivery(id, None, false, format_args!(" as its acknowledgement {ack}, {bytes} bytes"), fx);
        }
    }

    /// Writes the line of a trace about an event that is refused because its client causes more than it may.
    #[cold]
    #[inline(never)]
    pub(super) fn trace_limited(&self, socket: Option<SocketId>, event: &Rc<str>, fx: &mut Effects) {
        if self.is_traced(socket, Some(event)) {
            let text = format_args!("refused, as its client sends or causes more than it may");
            let namespace = socket.and_then(|id| Some(&self.socket(id)?.namespace));
            write((namespace.unwrap_or(&Namespace::main()), socket), Some(event), (RATE_LIMITED, text), fx);
        }
    }

    /// Writes the lines of the traces about an event that is about to be sent: to how many sockets, and for each socket that is traced
    /// whether it is among them.
    #[cold]
    #[inline(never)]
    pub(super) fn trace_emission(&mut self, payer: Option<Payer>, emission: &Emission<'_>, fx: &mut Effects) {
        let Emission { to, event, args, volatile, ack, .. } = emission;
        let recipients = self.resolve(to);
        let (count, bytes) = (recipients.len(), event.len().saturating_add(args.len_bytes()));
        let is_dropped = *volatile && matches!(ack, AckRequest::None) && self.drops_volatile(payer, to);
        let (code, fate) = if is_dropped {
            ("DROPPED", "dropped, as it is volatile and its sender has spent half of what it may")
        } else {
            ("EMITTED", "emitted")
        };
        let by = self.socket_of(payer);
        let by = by.as_ref().map_or("the world itself", SocketId::as_str);
        let name: Rc<str> = (*event).into();
        if self.is_traced(None, Some(event)) {
            let namespace = recipients.first().map_or(Namespace::main(), |first| first.namespace.clone());
            let text = format_args!("{fate} by {by} to {count} sockets, {bytes} bytes");
            write((&namespace, None), Some(&name), (code, text), fx);
        }
        for (traced, _) in self.alarms.traces() {
            let Some(id) = traced.strip_prefix(TRACED_SOCKET).and_then(SocketId::parse) else { continue };
            if recipients.iter().any(|recipient| recipient.id == id) {
                if !is_dropped {
                    self.trace_delivery(id, Some(&name), *volatile, format_args!(" by {by}, {bytes} bytes"), fx);
                }
            } else if let Some(SocketRecord { namespace, .. }) = self.namespaces.get(id)
                && matches!(to, Recipients::Matching(target) if target.namespace == *namespace)
            {
                let text = format_args!("not for this socket, but by {by} for {count} others");
                write((namespace, Some(id)), Some(&name), ("NOT_A_RECIPIENT", text), fx);
            }
        }
    }

    /// Writes the line of a trace about what is about to be sent to a socket.
    #[inline(never)]
    fn trace_delivery(
        &self,
        id: SocketId,
        event: Option<&Rc<str>>,
        volatile: bool,
        text: fmt::Arguments<'_>,
        fx: &mut Effects,
    ) {
        let Some(socket) = self.namespaces.get(id) else { return };
        let record = Record::new(Level::Info, text.to_string());
        let mut record = record.of(&socket.namespace, Some(id)).event(event.cloned());
        let (code, fate) = match self.engine.reach(socket.session) {
            // The platform knows whether its client reads.
            Some(Reach::WebSocket(conn)) => return fx.push(Effect::Trace { conn, volatile, record }),
            Some(Reach::HangingGet) => ("WRITTEN", "written to the GET that hangs"),
            Some(Reach::Polling) if !volatile => ("HELD", "held back until the client's next GET"),
            _ => (
                "DROPPED",
                "dropped, as the connection is being closed, or it is volatile and the client between two polls",
            ),
        };
        conclude(&mut record, code, fate);
        fx.push(Effect::Note(record));
    }

    /// Returns a socket of the client because of which something is sent.
    fn socket_of(&self, payer: Option<Payer>) -> Option<SocketId> {
        match payer? {
            Payer::Socket(id) => Some(id),
            Payer::Account(account) => self.clients.get(account.session)?.sockets.values().next().copied(),
        }
    }
}

#[inline(never)]
fn write(
    (namespace, socket): (&Namespace, Option<SocketId>),
    event: Option<&Rc<str>>,
    (code, text): (&'static str, fmt::Arguments<'_>),
    fx: &mut Effects,
) {
    let record = Record::new(Level::Info, format!("trace: {text}"));
    fx.push(Effect::Note(record.of(namespace, socket).event(event.cloned()).code(code)));
}
