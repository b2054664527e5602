//! What the world does by itself when it is due: handlers of acknowledgements that did not arrive, guards that are called again
//! after hibernation, and named alarms.
//!
//! A handler may abort the wasm instance, which no code survives that could write so. So each attempt is begun and stored first
//! ([`Server::begin_due`]), and made in a turn of its own ([`Input::Due`](crate::core::input::Input::Due)). An attempt that ends
//! is forgotten; after [`MAX_ATTEMPTS`] that do not, what was due is given up.

use core::fmt::Display;
use std::rc::Rc;

use super::Server;
use super::begun::Begun;
use super::emission::{push_collected, stored_ack_dispatch};
use super::pending_connects::RestoredConnect;
use super::restore::Changed;
use crate::core::dispatch::{AlarmCall, Dispatch};
use crate::core::effect::{Effect, Effects};
use crate::core::meter::Count;
use crate::core::named_alarms::NamedAlarm;
use crate::core::namespace::SocketRecord;
use crate::error::{AckFailure, ConnectError, INTERNAL_MESSAGE};
use crate::id::{AckId, Entropy, SessionKey, SocketId};
use crate::limits::{MAX_ATTEMPTS, PANIC_BACKOFF, RETRY_GAP};
use crate::log::Record;
use crate::time::Timestamp;

impl Server {
    /// Requests handlers for the acknowledgements that handlers await in memory and that did not arrive in time. Marks sessions as
    /// changed whose unfinished packets are to be stored.
    pub(super) fn handle_overdue(&mut self, now: Timestamp, fx: &mut Effects) {
        while let Some(session) = self.clients.take_due(now) {
            self.store_packet(session, fx);
            self.touch_session(session, Changed::Rest);
        }
        while let Some(complete) = self.pending_acks.take_due(now) {
            push_collected([complete], fx);
        }
    }

    /// Begins attempts at what is due. Returns whether it did: then perform the effects, store the changes, and handle
    /// [`Input::Due`](crate::core::input::Input::Due) when they are stored.
    pub fn begin_due(&mut self, now: Timestamp, fx: &mut Effects) -> bool {
        if self.begun.is_pending {
            return false;
        }
        let acks = self.stored_acks.first_deadline().is_some_and(|at| at <= now);
        let has_sessions = acks || self.pending_connects.restored_sessions().next().is_some();
        // One after the other: alarms that abort the wasm instance must not count as attempts of clients.
        self.begun.is_pending = has_sessions && self.begin_sessions(now, fx) || self.begin_alarms(now, fx);
        self.begun.is_pending
    }

    /// Begins attempts at what the sockets of sessions have due. A session with an attempt that did not end goes alone: one of
    /// several may abort the wasm instance.
    fn begin_sessions(&mut self, now: Timestamp, fx: &mut Effects) -> bool {
        let mut due: Vec<(SessionKey, Option<(SocketId, AckId)>)> =
            self.pending_connects.restored_sessions().map(|session| (session, None)).collect();
        while let Some((socket, ack)) = self.stored_acks.first_due(now) {
            self.stored_acks.postpone(socket, ack, now.after(RETRY_GAP));
            match self.namespaces.get(socket).map(|found| found.session) {
                Some(session) => due.push((session, Some((socket, ack)))),
                None => drop(self.stored_acks.take(socket, ack)),
            }
        }
        let attempts = |session| self.clients.get(session).map_or(0, |client| client.attempts);
        let alone =
            due.iter().all(|&(session, _)| attempts(session) > 0).then(|| due.first().map(|due| due.0)).flatten();
        // Of one session, as those with attempts go alone. The log names the first.
        let mut given_up_acks: Option<(Rc<str>, SocketId, usize)> = None;
        for (session, ack) in due {
            self.touch_session(session, Changed::Rest);
            let Some(client) = self.clients.get_mut(session) else {
                // The session has ended meanwhile.
                drop(self.pending_connects.take_restored_of(session));
                continue;
            };
            if !self.begun.sessions.contains(session) {
                if alone.map_or(client.attempts > 0, |alone| alone != session) {
                    continue;
                }
                client.attempts = client.attempts.saturating_add(1);
                self.begun.sessions.insert(session);
            }
            let attempts = client.attempts;
            match ack {
                Some((socket, ack)) if attempts <= MAX_ATTEMPTS => {
                    self.stored_acks.postpone(socket, ack, now.after(PANIC_BACKOFF.saturating_mul(attempts)));
                    self.begun.acks.push((socket, ack));
                }
                Some((id, ack)) => {
                    let Some(name) = self.stored_acks.take(id, ack).map(|stored| stored.name) else { continue };
                    given_up_acks.get_or_insert_with(|| (name.as_ref().into(), id, 0)).2 += 1;
                    let socket = self.namespaces.get(id).map(SocketRecord::to_ref);
                    self.begun.given_up.extend(socket.map(|socket| Dispatch::AckGivenUp { socket }));
                }
                None if attempts <= MAX_ATTEMPTS => {}
                None => log(&"a CONNECT that was not decided", (None, None), fx),
            }
        }
        if let Some((name, id, count)) = given_up_acks {
            match count {
                1 => log(&"the handler of an acknowledgement", (Some(id), Some(name)), fx),
                _ => {
                    log(
                        &format_args!("the handler of an acknowledgement, one of {count},"),
                        (Some(id), Some(name)),
                        fx,
                    );
                }
            }
        }
        !self.begun.sessions.is_empty()
    }

    fn begin_alarms(&mut self, now: Timestamp, fx: &mut Effects) -> bool {
        let given_up = &mut self.begun.given_up;
        self.alarms.is_due(now)
            && self.alarms.begin(now, |name, context| {
                let (name, context): (Rc<str>, _) = (name.into(), Rc::clone(context));
                // Without the context, which may be what a client sent.
                log(&"the alarm", (None, Some(Rc::clone(&name))), fx);
                given_up.push(Dispatch::Alarm { name, context, call: AlarmCall::GivenUp });
            })
    }

    /// Makes the attempts that were begun.
    pub(super) fn handle_begun(&mut self, entropy: &mut dyn FnMut() -> Entropy, fx: &mut Effects) {
        let Begun { mut sessions, acks, given_up, .. } = core::mem::take(&mut self.begun);
        for dispatch in given_up {
            fx.push_dispatch(dispatch);
        }
        // An acknowledgement that arrived meanwhile is not there any more.
        for (id, ack) in acks {
            self.members_changed = true;
            if let Some(stored) = self.stored_acks.take(id, ack)
                && let Some(socket) = self.namespaces.get(id).map(SocketRecord::to_ref)
            {
                fx.push_dispatch(stored_ack_dispatch(socket, None, stored, Err(AckFailure::Expired)));
            }
        }
        for session in sessions.take().map(SessionKey) {
            let Some(client) = self.clients.get_mut(session) else { continue };
            let attempts = core::mem::take(&mut client.attempts);
            // A CONNECT may be refused now, by a bound that another has reached.
            self.touch_session(session, Changed::Namespaces);
            while let Some(RestoredConnect { namespace, auth, .. }) = self.pending_connects.take_restored_of(session) {
                if attempts <= MAX_ATTEMPTS {
                    self.connect(session, namespace, auth, entropy, fx);
                } else {
                    let error = ConnectError::new("GIVEN_UP", INTERNAL_MESSAGE);
                    self.send_connect_error(session, &namespace, &error, fx);
                }
            }
        }
        self.alarms.take_begun(|NamedAlarm { name, context, attempts, .. }| {
            fx.meter().add(Count::AlarmsDue, 1);
            fx.push_dispatch(Dispatch::Alarm { name: name.into(), context, call: AlarmCall::Attempt(attempts) });
        });
    }

    /// Gives up the CONNECTs that were not decided before hibernation: their guards may have aborted after they had waited.
    pub fn give_up_restored(&mut self) {
        for session in self.pending_connects.restored_sessions() {
            if let Some(client) = self.clients.get_mut(session) {
                client.attempts = MAX_ATTEMPTS;
            }
        }
    }

    /// Postpones what is due by `PANIC_BACKOFF`, after a panic: retrying at once could loop for ever.
    pub fn postpone_due(&mut self, now: Timestamp) {
        let later = now.after(PANIC_BACKOFF);
        while let Some((socket, ack)) = self.stored_acks.first_due(now) {
            self.stored_acks.postpone(socket, ack, later);
            self.touch(socket);
        }
        self.alarms.postpone_due(now, later);
    }
}

fn log(what: &dyn Display, (socket, event): (Option<SocketId>, Option<Rc<str>>), fx: &mut Effects) {
    let text = format_args!("{what} is given up: no attempt has ended, and each may have aborted the wasm instance");
    let mut record = Record::error(text).event(event).code("GIVEN_UP");
    record.socket = socket;
    fx.push(Effect::Alert(record));
}
