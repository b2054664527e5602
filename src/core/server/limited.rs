//! Clients that exceed what they may cause: their packets are refused, and they are told.

use core::time::Duration;
use std::rc::Rc;

use super::Server;
use crate::core::account::{AccountId, Cost, Payer, Waiting};
use crate::core::effect::Effects;
use crate::core::engineio::Refused;
use crate::core::meter::{Code, Count};
use crate::core::namespace::SocketRecord;
use crate::core::socketio::{GivenUp, Packet};
use crate::error::{ConnectError, Failure};
use crate::id::{AckId, Namespace, SessionKey, Sid, SocketId};
use crate::limits::{MAX_INBOX_BYTES_FULL, MAX_INBOX_PAYLOADS};
use crate::log::{Level, Record};
use crate::time::Timestamp;
use crate::value::Args;

impl Server {
    /// Refuses a message of `bytes` bytes of a client that exceeded what it may cause, and tells the client: an event that asks for
    /// an acknowledgement gets one with `RATE_LIMITED`, a CONNECT gets `CONNECT_ERROR`. An acknowledgement is handled all the same,
    /// if the server asked for it. Returns a packet that is handled although it counts as refused: a DISCONNECT, after which the
    /// client is out for both sides, and what breaks the protocol.
    pub(super) fn refuse_limited(
        &mut self,
        now: Timestamp,
        session: SessionKey,
        retry_after: Duration,
        (packet, bytes): (Option<Packet>, usize),
        fx: &mut Effects,
    ) -> Option<Packet> {
        let mut handled = None;
        match packet {
            Some(Packet::Event { namespace, id, event, .. }) => {
                let socket = self.socket_in(session, &namespace);
                if self.alarms.has_traces() {
                    self.trace_limited(socket, &event, fx);
                }
                if let Some(id) = id {
                    self.send_limited(socket, id, retry_after, fx);
                }
            }
            Some(Packet::Connect { namespace, .. }) => self.refuse_connect(session, &namespace, retry_after, fx),
            Some(Packet::Ack { namespace, id: Some(id), args }) => {
                let found = self.socket_in(session, &namespace).and_then(|id| self.namespaces.get(id));
                if let Some(socket) = found.map(SocketRecord::to_ref)
                    && self.handle_ack(socket, id, args, fx)
                {
                    return None;
                }
            }
            // Also a part of a packet whose attachments have not all arrived.
            None | Some(Packet::Ack { id: None, .. }) => {}
            other => handled = other,
        }
        // Sockets of a session that ended leave with it.
        if self.count_refusal(now, session, bytes, fx) { handled } else { None }
    }

    /// Refuses the event of a socket whose client has too many waiting handlers.
    pub(crate) fn refuse_event(
        &mut self,
        now: Timestamp,
        socket: SocketId,
        (event, id): (&Rc<str>, Option<AckId>),
        retry_after: Duration,
        fx: &mut Effects,
    ) {
        if self.alarms.has_traces() {
            self.trace_limited(Some(socket), event, fx);
        }
        if let Some(id) = id {
            self.send_limited(Some(socket), id, retry_after, fx);
        }
        if let Some(session) = self.session_of(socket) {
            self.count_refusal(now, session, 0, fx);
        }
    }

    /// Ends a session of plain Engine.IO of which too many messages wait: there is no error message.
    pub(super) fn refuse_message(&mut self, sid: Sid, fx: &mut Effects) {
        if let Some(session) = self.engine.plain_session(sid) {
            fx.push_log(Record::warn(format_args!(
                "a session of plain Engine.IO is closed with 1008: too many of its messages wait"
            )));
            self.engine.drop_offender(session, fx);
        }
    }

    /// Refuses an event whose attachments the isolate has no memory for. They are dropped, and nobody is closed for it: its client
    /// may owe next to nothing.
    pub(super) fn refuse_given_up(
        &mut self,
        session: SessionKey,
        GivenUp { namespace, id }: GivenUp,
        fx: &mut Effects,
    ) {
        let socket = self.clients.get(session).and_then(|client| client.sockets.get(&namespace).copied());
        fx.push_log(Record::warn(format_args!("an event with attachments is refused: the isolate is short of memory")));
        if let Some((socket, id)) = socket.zip(id) {
            fx.meter().add(Count::Refused(Code::Busy), 1);
            let failure = Failure::new("BUSY", "There is no memory for attachments now");
            self.ack(socket, id, &failure.to_args(None), fx);
        }
    }

    /// Charges a client for what a handler did that was called because of it. Nobody pays if its session has ended.
    pub fn charge(&mut self, now: Timestamp, payer: Payer, cost: Cost, amount: usize) {
        if let Some(session) = self.session_of_payer(payer) {
            self.engine.charge(now, session, cost, amount);
        }
    }

    /// Charges a session for bytes that wait, because others do not read as fast as its client sends.
    pub fn charge_queued(&mut self, now: Timestamp, payer: SessionKey, bytes: usize) {
        self.engine.charge(now, payer, Cost::QueuedBytes, bytes);
    }

    /// Returns the session of a client that pays.
    pub(super) fn session_of_payer(&self, payer: Payer) -> Option<SessionKey> {
        match payer {
            Payer::Socket(socket) => self.session_of(socket),
            Payer::Account(account) => self.engine.account(account).map(|_| account.session),
        }
    }

    /// Returns the account of a client that pays: that of a socket is known until it leaves, an account until its session ends.
    pub fn account_of(&self, payer: Payer) -> Option<AccountId> {
        match payer {
            Payer::Socket(socket) => self.engine.account_of(self.session_of(socket)?),
            Payer::Account(account) => Some(account),
        }
    }

    /// Notes that a handler with arguments of `bytes` bytes waits that was called because of a client. Returns its account.
    pub fn begin_waiting(&mut self, payer: Payer, bytes: usize) -> Option<AccountId> {
        let account = self.account_of(payer)?;
        self.engine.set_waiting(account, bytes, true);
        Some(account)
    }

    /// Notes that a handler has finished that waited.
    pub fn end_waiting(&mut self, account: AccountId, bytes: usize) {
        self.engine.set_waiting(account, bytes, false);
    }

    /// Returns the handlers of a client that wait.
    pub fn waiting_of(&self, client: Payer) -> Waiting {
        let account = self.account_of(client).and_then(|id| self.engine.account(id));
        account.map_or_else(Waiting::default, |account| account.waiting)
    }

    /// Returns the session of a socket that is in its namespace or prepared.
    pub(super) fn session_of(&self, socket: SocketId) -> Option<SessionKey> {
        match self.last_sender {
            Some((sender, session)) if sender == socket => Some(session),
            _ => self.socket(socket).map(|socket| socket.session),
        }
    }

    /// Ends the session of a client of whose packets too many bytes wait: see [`MAX_INBOX_PAYLOADS`] and [`MAX_INBOX_BYTES_FULL`].
    pub(super) fn check_inbox(&mut self, session: SessionKey, waiting: usize, fx: &mut Effects) {
        if self.clients.is_full && waiting > MAX_INBOX_BYTES_FULL {
            fx.push_log(Record::warn(format_args!(
                "a client is closed with 1013: the isolate has no memory for its packets, which wait to be handled"
            )));
            return self.engine.handle_debtor(session, fx);
        }
        // With a small `MAX_PAYLOAD_BYTES`, what each packet costs besides its bytes would exceed the multiple.
        let most = self.config.max_payload_bytes.saturating_mul(MAX_INBOX_PAYLOADS).max(MAX_INBOX_BYTES_FULL);
        if waiting > most {
            fx.push_log(Record::warn(format_args!(
                "a client is closed with 1008: it posts faster than its packets are handled"
            )));
            self.engine.drop_offender(session, fx);
        }
    }

    fn socket_in(&self, session: SessionKey, namespace: &Namespace) -> Option<SocketId> {
        self.clients.get(session)?.sockets.get(namespace).copied()
    }

    /// Counts a refused packet. Returns whether the session goes on.
    fn count_refusal(&mut self, now: Timestamp, session: SessionKey, bytes: usize, fx: &mut Effects) -> bool {
        fx.meter().add(Count::Refused(Code::RateLimited), 1);
        let who = self.clients.get(session).and_then(|client| client.sockets.values().next().copied());
        let refused = self.engine.handle_refused(now, session, bytes, fx);
        let what = match refused {
            Refused::First => "is refused",
            Refused::Again => return true,
            Refused::Closed => "is closed with 1008",
        };
        let message = format!("a client {what}: it sends or causes more than it may");
        let mut record = Record::new(Level::Warn, message).code(RATE_LIMITED);
        record.socket = who;
        fx.push_log(record);
        refused == Refused::First
    }

    fn send_limited(&mut self, socket: Option<SocketId>, id: AckId, retry_after: Duration, fx: &mut Effects) {
        if let Some(socket) = socket {
            let json = format!(
                r#"{{"error":{{"code":"RATE_LIMITED","message":"{MESSAGE}","retryAfterMs":{}}},"status":"error"}}"#,
                millis(retry_after)
            );
            self.ack(socket, id, &Args::from_wire(&json, Vec::new()), fx);
        }
    }

    fn refuse_connect(&mut self, session: SessionKey, namespace: &Namespace, retry_after: Duration, fx: &mut Effects) {
        let data = Some(format!(r#"{{"code":"RATE_LIMITED","retryAfterMs":{}}}"#, millis(retry_after)));
        self.send_connect_error(
            session,
            namespace,
            &ConnectError { data, ..ConnectError::new(RATE_LIMITED, MESSAGE) },
            fx,
        );
    }
}

/// The code of what is refused for that reason.
pub(super) const RATE_LIMITED: &str = "RATE_LIMITED";

const MESSAGE: &str = "This client sends or causes more than it may";

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
