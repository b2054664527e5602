//! The calls of the handlers for an event of a connection.

use super::report::Report;
use super::task::{Origin, Task, run_all};
use crate::core::dispatch::ConnEvent;
use crate::core::handshake_request::LazyHandshake;
use crate::core::view::ConnView;
use crate::error::Reason;
use crate::extract::Engine;
use crate::handles::{Conn, EngineSocket, Io, WorldHandle};
use crate::id::Namespace;
use crate::routing::{App, ConnCall};
use crate::value::Frame;

/// Appends the calls of the handlers for an event of a connection.
pub(crate) fn conn_event(app: &App, world: &WorldHandle, conn: &ConnView, event: ConnEvent, tasks: &mut Vec<Task>) {
    // A packet that a handler of outgoing packets emits must not call it again.
    let suppress_hooks = matches!(event, ConnEvent::PacketCreated(_));
    let io = Io::new(world.clone(), Namespace::main(), None, suppress_hooks);
    // Who receives a packet has not caused it.
    let account = conn.account.filter(|_| !suppress_hooks);
    let (origin, report) = (|| Origin::Session("a connection", account), Report::of(world));
    match app.engine.conn_call(io, Conn::new(conn), event) {
        ConnCall::Upgraded(handlers, call) => run_all(handlers, &call, &origin, &report, tasks),
        ConnCall::Packet(handlers, call) => run_all(handlers, &call, &origin, &report, tasks),
        ConnCall::Closed(handlers, call) => run_all(handlers, &call, &origin, &report, tasks),
    }
}

/// Appends the calls of the handlers for a plain Engine.IO session: when it opens, sends a message or closes.
pub(crate) fn plain_engine(
    app: &App,
    world: &WorldHandle,
    conn: &ConnView,
    handshake: LazyHandshake,
    message: Option<Frame>,
    reason: Option<Reason>,
    tasks: &mut Vec<Task>,
) {
    let handlers = app.engine.raw_routes().handlers(message.is_some(), reason.is_some());
    let bytes = message.as_ref().map_or(0, Frame::len);
    let call = Engine { socket: EngineSocket::new(world.clone(), Conn::new(conn), handshake), message, reason };
    let origin = || Origin::Session("an Engine.IO session", conn.account);
    let before = tasks.len();
    run_all(handlers, &call, &origin, &Report::of(world), tasks);
    for task in tasks.iter_mut().skip(before) {
        task.bytes = bytes;
    }
}
