//! The calls of the handlers for a dispatch of the core.

use std::rc::Rc;

use super::connect_guards::connect;
use super::engine_events::{conn_event, plain_engine};
use super::event::start_event;
use super::report::Report;
use super::task::{Origin, Task, run_all};
use crate::core::dispatch::{AlarmCall, Dispatch, SocketRef};
use crate::error::Failure;
use crate::extract::{Acked, Alarm, Call, Connected, Disconnect, Done, NewNamespace, Outgoing, SocketCall};
use crate::handles::{Io, Socket, WorldHandle};
use crate::limits::MAX_ATTEMPTS;
use crate::log::Record;
use crate::routing::{App, Erased, Routes};

/// Appends the calls of the handlers for `dispatch` to `tasks`. The caller must poll each once, in order, before it does anything
/// else.
pub(crate) fn start(app: &Rc<App>, world: &WorldHandle, dispatch: Dispatch, tasks: &mut Vec<Task>) {
    match dispatch {
        Dispatch::Event { socket, event, args, ack } => start_event(app, world, socket, event, args, ack, tasks),
        other => start_other(app, world, other, tasks),
    }
}

fn start_other(app: &Rc<App>, world: &WorldHandle, dispatch: Dispatch, tasks: &mut Vec<Task>) {
    let handle = |socket, gone| Socket::new(world.clone(), socket, gone, false);
    match dispatch {
        Dispatch::Connect { socket } => tasks.push(connect(app, world, socket.id, socket.namespace)),
        Dispatch::NewNamespace { socket } if app.is_dynamic(&socket.namespace) => {
            let io = Io::new(world.clone(), socket.namespace, socket.predicate, false);
            let origin = || Origin::NewNamespace(socket.id);
            let report = Report::of(world);
            run_all(&app.on_new_namespace, &NewNamespace { io }, &origin, &report, tasks);
        }
        Dispatch::Connected { socket } => {
            let origin = || Origin::Socket(socket.id, socket.namespace.clone());
            let call = || Connected { socket: handle(socket.clone(), None) };
            run_for(app, &socket, |routes| &routes.on_connect, &origin, call, tasks);
        }
        Dispatch::Outgoing { sockets, event: name, args, payer } => {
            let args = Rc::new(args);
            for socket in sockets {
                let origin = || Origin::Charged(socket.id, socket.namespace.clone(), payer);
                let call = || Outgoing {
                    socket: Socket::new(world.clone(), socket.clone(), None, true),
                    name: Rc::clone(&name),
                    args: Rc::clone(&args),
                };
                run_for(app, &socket, |routes| &routes.on_any_outgoing, &origin, call, tasks);
            }
        }
        Dispatch::Disconnected { socket, gone, reason } => {
            let call = || Disconnect { socket: handle(socket.clone(), Some(Rc::clone(&gone))), reason };
            let origin = || Origin::Charged(socket.id, socket.namespace.clone(), gone.account());
            run_for(app, &socket, |routes| &routes.on_disconnecting, &origin, call, tasks);
            run_for(app, &socket, |routes| &routes.on_disconnect, &origin, call, tasks);
        }
        Dispatch::StoredAck { socket, gone, name, context, result } => {
            let Some(routes) = app.routes(&socket.namespace, socket.predicate) else { return };
            let Some(handler) = routes.ack_handlers.get(&name) else {
                return lost(world, "an acknowledgement", Some(&socket), (&*name).into());
            };
            let origin = || match &gone {
                Some(gone) => Origin::Charged(socket.id, socket.namespace.clone(), gone.account()),
                None => Origin::Socket(socket.id, socket.namespace.clone()),
            };
            let call = Acked { socket: handle(socket.clone(), gone.clone()), ack: result.map(Rc::new), context };
            let report = Report::Routes(Rc::clone(routes), call.socket.clone(), None);
            run_all(core::slice::from_ref(handler), &call, &origin, &report, tasks);
        }
        Dispatch::AckGivenUp { socket } => {
            let Some(routes) = app.routes(&socket.namespace, socket.predicate) else { return };
            let origin = Origin::Socket(socket.id, socket.namespace.clone());
            let report = Report::Routes(Rc::clone(routes), handle(socket, None), None);
            let failure = Failure::new("GIVEN_UP", "No call of an `on_ack` handler has ended");
            // The log says so already.
            tasks.push(Task::new(origin, report.fail(failure)));
        }
        Dispatch::Alarm { name, context, call } => alarm(app, world, &name, context, call, tasks),
        Dispatch::Conn { conn, event } => conn_event(app, world, &conn, event, tasks),
        Dispatch::Opened { conn, handshake } => plain_engine(app, world, &conn, handshake, None, None, tasks),
        Dispatch::Message { conn, handshake, message } => {
            plain_engine(app, world, &conn, handshake, Some(message), None, tasks);
        }
        Dispatch::Closed { conn, handshake, reason } => {
            plain_engine(app, world, &conn, handshake, None, Some(reason), tasks);
        }
        Dispatch::NewNamespace { .. } | Dispatch::AcksCollected { .. } | Dispatch::Event { .. } => {}
    }
}

/// Appends the calls of the handlers of an alarm that is due or given up.
fn alarm(app: &App, world: &WorldHandle, name: &Rc<str>, context: Rc<str>, call: AlarmCall, tasks: &mut Vec<Task>) {
    let found = app.alarm_handler(name);
    let (handlers, attempt) = match call {
        AlarmCall::Attempt(attempt) => (found.map(|(_, handler)| core::slice::from_ref(handler)), attempt),
        AlarmCall::GivenUp => (Some(&*app.on_alarm_given_up), MAX_ATTEMPTS),
    };
    let origin = || Origin::Alarm(world.clone(), Rc::clone(name));
    let Some(handlers) = handlers else {
        lost(world, "an alarm", None, Rc::clone(name));
        return origin().handle_end(None);
    };
    let template = found.map(|(template, _)| Rc::clone(template));
    let call = Alarm { io: Io::main(world.clone()), name: Rc::clone(name), template, context, attempt };
    run_all(handlers, &call, &origin, &Report::Log(world.clone(), Some(Rc::clone(name))), tasks);
}

fn run_for<C: SocketCall + Call<Outcome = Done> + Clone>(
    app: &App,
    socket: &SocketRef,
    handlers: impl FnOnce(&Routes) -> &Vec<Erased<C>>,
    origin: &dyn Fn() -> Origin,
    call: impl FnOnce() -> C,
    tasks: &mut Vec<Task>,
) {
    let Some(routes) = app.routes(&socket.namespace, socket.predicate) else { return };
    let handlers = handlers(routes);
    if handlers.is_empty() {
        return;
    }
    let call = call();
    let report = Report::Routes(Rc::clone(routes), call.socket().clone(), None);
    run_all(handlers, &call, origin, &report, tasks);
}

/// Logs that a handler is missing: after a deploy, the app may have no handler for an alarm or acknowledgement that was stored
/// before.
#[cold]
#[inline(never)]
fn lost(world: &WorldHandle, what: &str, socket: Option<&SocketRef>, name: Rc<str>) {
    if let Some(world) = world.upgrade() {
        let record = Record::error(format_args!("{what} is lost: the app has no handler of this name any more"));
        let record = record.event(Some(name)).code("NO_HANDLER");
        world.log(match socket {
            Some(socket) => record.of(&socket.namespace, Some(socket.id)),
            None => record,
        });
    }
}
