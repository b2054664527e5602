//! Sending events to clients, and handling their acknowledgements.

use std::rc::Rc;

use bytes::Bytes;

use super::Server;
use crate::core::account::{Cost, Payer};
use crate::core::acks::{CollectedAcks, StoredAck};
use crate::core::dispatch::{Dispatch, SocketRef};
use crate::core::effect::Effects;
use crate::core::engineio;
use crate::core::input::{AckRequest, Emission, Recipients};
use crate::core::meter::Count;
use crate::core::socketio;
use crate::core::table::ById;
use crate::core::view::GoneSocket;
use crate::error::AckFailure;
use crate::id::{AckId, Namespace, PendingAckId, SessionKey, Sid, SocketId};
use crate::limits::MAX_EMISSION_BYTES;
use crate::time::Timestamp;
use crate::value::{Args, Frame};

impl Server {
    /// Sends an event, encoded once for all recipients. The client of `payer` is charged for what others get.
    ///
    /// # Errors
    /// The event is too large for so many recipients: see [`MAX_EMISSION_BYTES`]. Returns its bytes for all of them; nothing is sent.
    pub fn emit(
        &mut self,
        now: Timestamp,
        payer: Option<Payer>,
        emission: Emission<'_>,
        fx: &mut Effects,
    ) -> Result<(), usize> {
        if self.alarms.has_traces() {
            self.trace_emission(payer, &emission, fx);
        }
        let Emission { to, event, args, volatile, suppress_hooks, ack: ack_request } = emission;
        if self.watches_outgoing && !suppress_hooks {
            let sockets = self.resolve(&to);
            if !sockets.is_empty() {
                let payer = payer.and_then(|payer| self.account_of(payer));
                fx.push_dispatch(Dispatch::Outgoing { sockets, event: event.into(), args: args.clone(), payer });
            }
        }
        if matches!(to, Recipients::Matching(_)) {
            fx.meter().add(Count::Broadcasts, 1);
        }
        self.engine.suppress_hooks(suppress_hooks);
        // Nobody pays for what a client itself does not read.
        let payer_of_queued = payer.filter(|_| !matches!(to, Recipients::One(id) if self.is_own(payer, id)));
        fx.set_payer(payer_of_queued.and_then(|payer| self.session_of_payer(payer)));
        let sent = self.send_emission(now, payer, &to, (event, &args, volatile), ack_request, fx);
        fx.set_payer(None);
        self.engine.suppress_hooks(false);
        self.handle_ended(fx);
        sent
    }

    fn send_emission(
        &mut self,
        now: Timestamp,
        payer: Option<Payer>,
        to: &Recipients,
        (event, args, volatile): (&str, &Args, bool),
        ack_request: AckRequest,
        fx: &mut Effects,
    ) -> Result<(), usize> {
        match ack_request {
            AckRequest::None => self.send_event(now, payer, to, (event, args, volatile), fx),
            AckRequest::Awaited { pending, deadline } => {
                let ack = self.namespaces.next_ack(now);
                let asked = self.await_acks(pending, deadline, ack, to, (event, args, volatile), fx)?;
                self.pay_for_question(now, payer, to, asked);
                Ok(())
            }
            AckRequest::Stored { asked, name, context, deadline } => {
                let ack = self.namespaces.next_ack(now);
                let stored = StoredAck { name, context, deadline };
                let recipients = self.store_acks(&stored, ack, to, (event, args, volatile), fx)?;
                self.pay_for_question(now, payer, to, recipients.unwrap_or_default());
                if let Some(socket) = asked.filter(|_| recipients.is_none()) {
                    fx.push_dispatch(stored_ack_dispatch(socket, None, stored, Err(AckFailure::Disconnected)));
                }
                Ok(())
            }
        }
    }

    /// Sends a message to a session of plain Engine.IO. The client of `payer` is charged, unless it is its own session.
    pub(crate) fn send_message(
        &mut self,
        now: Timestamp,
        payer: Option<Payer>,
        sid: Sid,
        message: &Frame,
        fx: &mut Effects,
    ) {
        let Some(session) = self.engine.plain_session(sid) else { return };
        let payer = payer.and_then(|payer| self.session_of_payer(payer)).filter(|payer| *payer != session);
        if let Some(payer) = payer {
            self.engine.charge(now, payer, Cost::Deliveries, 1);
        }
        fx.set_payer(payer);
        self.engine.send(session, vec![engineio::wire::encode_message(message)], false, fx);
        fx.set_payer(None);
    }

    /// Charges the client of `payer` for deliveries. Returns false for volatile ones that are to be dropped, because it has spent
    /// more than half of what it may.
    fn pay(&mut self, now: Timestamp, payer: Option<Payer>, deliveries: usize, volatile: bool) -> bool {
        let Some(session) = payer.and_then(|payer| self.session_of_payer(payer)) else { return true };
        if volatile && self.is_half_spent(session) {
            return false;
        }
        self.engine.charge(now, session, Cost::Deliveries, deliveries);
        true
    }

    /// Returns whether a client has spent more than half of what it may send.
    fn is_half_spent(&self, session: SessionKey) -> bool {
        self.engine.is_half_spent(session, Cost::Deliveries) || self.engine.is_half_spent(session, Cost::QueuedBytes)
    }

    /// Returns whether [`pay`](Self::pay) drops a volatile event to others.
    pub(super) fn drops_volatile(&self, payer: Option<Payer>, to: &Recipients) -> bool {
        let is_own = matches!(to, Recipients::One(id) if self.is_own(payer, *id));
        !is_own
            && payer.and_then(|payer| self.session_of_payer(payer)).is_some_and(|session| self.is_half_spent(session))
    }

    /// Charges the client of `payer` for an event that asks for acknowledgements. It is sent although it may be volatile: somebody
    /// waits for them.
    fn pay_for_question(&mut self, now: Timestamp, payer: Option<Payer>, to: &Recipients, deliveries: usize) {
        if !matches!(to, Recipients::One(id) if self.is_own(payer, *id)) {
            self.pay(now, payer, deliveries, false);
        }
    }

    /// Returns whether a socket is of the client that pays.
    fn is_own(&self, payer: Option<Payer>, socket: SocketId) -> bool {
        match payer {
            Some(Payer::Socket(payer)) => payer == socket,
            Some(Payer::Account(account)) => self.socket(socket).is_some_and(|found| found.session == account.session),
            None => false,
        }
    }

    fn send_event(
        &mut self,
        now: Timestamp,
        payer: Option<Payer>,
        to: &Recipients,
        (event, args, volatile): (&str, &Args, bool),
        fx: &mut Effects,
    ) -> Result<(), usize> {
        match to {
            Recipients::One(id) => {
                check_bytes(event, args, 1)?;
                if !self.is_own(payer, *id) && !self.pay(now, payer, 1, volatile) {
                    return Ok(());
                }
                // A client keeps the events that arrive before its CONNECT is accepted, and handles them then.
                let found = self.namespaces.get(*id).or_else(|| self.pending_connects.get(*id));
                if let Some(socket) = found {
                    fx.meter().add(Count::Deliveries, 1);
                    let frames = event_frames(&mut self.buffer, &socket.namespace, None, (event, args));
                    self.engine.send(socket.session, frames, volatile, fx);
                }
            }
            Recipients::Matching(target) => {
                self.recipients.clear();
                self.namespaces.resolve(target, |socket| socket.session, &mut self.recipients);
                check_bytes(event, args, self.recipients.len())?;
                if self.recipients.is_empty() || !self.pay(now, payer, self.recipients.len(), volatile) {
                    return Ok(());
                }
                fx.meter().add(Count::Deliveries, self.recipients.len());
                let frames = event_frames(&mut self.buffer, &target.namespace, None, (event, args));
                match *self.recipients {
                    [session] => self.engine.send(session, frames, volatile, fx),
                    _ => self.engine.broadcast(self.recipients.iter().copied(), frames, volatile, fx),
                }
            }
        }
        Ok(())
    }

    /// Sends an event whose acknowledgements a handler awaits; returns how many it has.
    fn await_acks(
        &mut self,
        pending: PendingAckId,
        deadline: Timestamp,
        ack: AckId,
        to: &Recipients,
        (event, args, volatile): (&str, &Args, bool),
        fx: &mut Effects,
    ) -> Result<usize, usize> {
        let sockets = self.resolve(to);
        check_bytes(event, args, sockets.len())?;
        let Some(namespace) = sockets.first().map(|socket| socket.namespace.clone()) else {
            let missing = match to {
                Recipients::One(id) => vec![(*id, AckFailure::Disconnected)],
                Recipients::Matching(_) => Vec::new(),
            };
            fx.push_dispatch(Dispatch::AcksCollected { pending, acks: CollectedAcks { acks: Vec::new(), missing } });
            return Ok(0);
        };
        let mut waiting = ById::default();
        for socket in &sockets {
            waiting.insert(socket.id);
        }
        self.pending_acks.insert(pending, (namespace.clone(), ack), deadline, waiting);
        fx.meter().add(Count::Deliveries, sockets.len());
        self.send_with_ack(&namespace, ack, sockets.iter().map(|socket| socket.id), (event, args, volatile), fx);
        Ok(sockets.len())
    }

    /// Sends an event whose acknowledgements are stored. Returns how many sockets are asked; `None` if it has no recipient.
    fn store_acks(
        &mut self,
        stored: &StoredAck,
        ack: AckId,
        to: &Recipients,
        (event, args, volatile): (&str, &Args, bool),
        fx: &mut Effects,
    ) -> Result<Option<usize>, usize> {
        let sockets = self.resolve(to);
        check_bytes(event, args, sockets.len())?;
        let Some(namespace) = sockets.first().map(|socket| socket.namespace.clone()) else { return Ok(None) };
        self.members_changed = true;
        let mut asked = Vec::with_capacity(sockets.len());
        for found in sockets {
            let inserted = if self.can_store_of(found.id, stored.bytes()) {
                self.stored_acks.insert(found.id, ack, stored.clone())
            } else {
                Err(stored.clone())
            };
            match inserted {
                Ok(()) => {
                    self.touch(found.id);
                    asked.push(found.id);
                }
                Err(stored) => fx.push_dispatch(stored_ack_dispatch(found, None, stored, Err(AckFailure::TooMany))),
            }
        }
        let count = asked.len();
        fx.meter().add(Count::Deliveries, count);
        self.send_with_ack(&namespace, ack, asked.into_iter(), (event, args, volatile), fx);
        Ok(Some(count))
    }

    fn send_with_ack(
        &mut self,
        namespace: &Namespace,
        ack: AckId,
        sockets: impl Iterator<Item = SocketId>,
        (event, args, volatile): (&str, &Args, bool),
        fx: &mut Effects,
    ) {
        let frames = event_frames(&mut self.buffer, namespace, Some(ack), (event, args));
        let sessions = sockets.filter_map(|id| self.namespaces.get(id)).map(|socket| socket.session);
        self.engine.broadcast(sessions, frames, volatile, fx);
    }

    /// Handles an acknowledgement from a client. Returns whether the server asked for it.
    pub(crate) fn handle_ack(&mut self, socket: SocketRef, id: AckId, args: Args, fx: &mut Effects) -> bool {
        if self.alarms.has_traces() {
            self.trace_ack(&socket, id, args.len_bytes(), fx);
        }
        match self.pending_acks.handle_ack(socket.id, &(id, socket.namespace.clone()), args, self.clients.is_full) {
            Ok(complete) => push_collected(complete, fx),
            Err(args) => {
                let Some(stored) = self.stored_acks.take(socket.id, id) else { return false };
                self.touch(socket.id);
                self.members_changed = true;
                fx.push_dispatch(stored_ack_dispatch(socket, None, stored, Ok(args)));
            }
        }
        true
    }

    /// Fails the acknowledgements that a socket owes, because it left its namespace.
    pub(crate) fn fail_acks_of(&mut self, socket: &SocketRef, gone: &Rc<GoneSocket>, fx: &mut Effects) {
        push_collected(self.pending_acks.handle_left(socket.id), fx);
        for stored in self.stored_acks.take_all(socket.id) {
            let (gone, result) = (Some(Rc::clone(gone)), Err(AckFailure::Disconnected));
            fx.push_dispatch(stored_ack_dispatch(socket.clone(), gone, stored, result));
        }
    }

    pub(crate) fn ack(&mut self, socket: SocketId, id: AckId, args: &Args, fx: &mut Effects) {
        if self.alarms.has_traces() {
            self.trace_answer(socket, id, args.len_bytes(), fx);
        }
        let Some(socket) = self.namespaces.get(socket) else { return };
        fx.meter().add(Count::AcksSent, 1);
        let text = text_frame(&mut self.buffer, |text| socketio::encode_ack(&socket.namespace, id, args, text));
        self.engine.send(socket.session, with_attachments(text, args.attachments()), false, fx);
    }
}

pub(super) fn stored_ack_dispatch(
    socket: SocketRef,
    gone: Option<Rc<GoneSocket>>,
    StoredAck { name, context, .. }: StoredAck,
    result: Result<Args, AckFailure>,
) -> Dispatch {
    Dispatch::StoredAck { socket, gone, name, context, result }
}

pub(super) fn push_collected(complete: impl IntoIterator<Item = (PendingAckId, CollectedAcks)>, fx: &mut Effects) {
    for (pending, acks) in complete {
        fx.push_dispatch(Dispatch::AcksCollected { pending, acks });
    }
}

/// Checks the bytes of an event for all of its recipients together: see [`MAX_EMISSION_BYTES`].
fn check_bytes(event: &str, args: &Args, recipients: usize) -> Result<(), usize> {
    let bytes = event.len().saturating_add(args.len_bytes()).saturating_mul(recipients);
    if bytes > MAX_EMISSION_BYTES { Err(bytes) } else { Ok(()) }
}

/// Returns a Socket.IO packet as an Engine.IO message. `write` appends the packet's text. It is written to `buffer`, whose memory is
/// reused; it is empty before and after.
pub(crate) fn text_frame(buffer: &mut String, write: impl FnOnce(&mut String)) -> Frame {
    buffer.push(engineio::wire::MESSAGE);
    write(buffer);
    let frame = Frame::text(&**buffer);
    buffer.clear();
    buffer.shrink_to(MAX_KEPT_BYTES);
    frame
}

/// How many bytes of the buffer are kept for the next packet. Longer ones are rare, and copying them costs more than the memory.
const MAX_KEPT_BYTES: usize = 1 << 15;

fn event_frames(
    buffer: &mut String,
    namespace: &Namespace,
    ack: Option<AckId>,
    (event, args): (&str, &Args),
) -> Vec<Frame> {
    let text = text_frame(buffer, |text| socketio::encode_event(namespace, ack, event, args, text));
    with_attachments(text, args.attachments())
}

fn with_attachments(text: Frame, attachments: &[Bytes]) -> Vec<Frame> {
    let mut frames = Vec::with_capacity(1 + attachments.len());
    frames.push(text);
    frames.extend(attachments.iter().cloned().map(Frame::Binary));
    frames
}
