//! The calls of the handlers for an event that a client sent.

use std::rc::Rc;

use super::event_call::{EventCall, Failing};
use super::report::Report;
use super::task::{Origin, Task, Work};
use crate::core::dispatch::SocketRef;
use crate::core::input::Command;
use crate::extract::{Event, Incoming};
use crate::handles::{AckSlot, Socket, WorldHandle, undoable};
use crate::id::AckId;
use crate::routing::{App, Erased, Routes};
use crate::value::Args;

/// Appends the calls of an event's handlers to `tasks`. If the namespace has event guards, one task calls these first, and holds
/// back the socket's later events.
pub(crate) fn start_event(
    app: &App,
    world: &WorldHandle,
    socket: SocketRef,
    name: Rc<str>,
    args: Args,
    ack: Option<AckId>,
    tasks: &mut Vec<Task>,
) {
    let Some(routes) = app.routes(&socket.namespace, socket.predicate) else { return };
    let ack = AckSlot::new(world.clone(), socket.id, ack);
    let socket = Socket::new(world.clone(), socket, None, false);
    let event = Event { socket, name, args: Rc::new(args), ack };
    tasks.extend(routes.on_any.iter().map(|handler| task(routes, handler, event.clone(), Failing::IsReported)));
    if routes.event_guards.is_empty() {
        return run_event(routes, &event, tasks);
    }
    let (routes, bytes, holds) = (Rc::clone(routes), event.args.len_bytes(), Some(event.socket.id()));
    let origin = origin(&event, Failing::IsAnswered);
    let work = Work::Other(Box::pin(async move {
        for guard in &routes.event_guards {
            let Event { socket, name, args, .. } = event.clone();
            if let Err(failure) = undoable(&event.socket.world, || guard(Incoming { socket, name, args })).await {
                event.ack.send(failure.to_args());
                Report::Routes(Rc::clone(&routes), event.socket, Some(event.name)).fail(failure).await;
                return Vec::new();
            }
        }
        let mut next = Vec::new();
        if event.socket.is_connected() {
            run_event(&routes, &event, &mut next);
        }
        next
    }));
    tasks.push(Task { origin, holds, bytes, work });
}
fn run_event(routes: &Rc<Routes>, event: &Event, tasks: &mut Vec<Task>) {
    let (handlers, is_first) = routes.handlers_of(&event.name, || event.socket.had_once(&event.name));
    tasks.extend(handlers.map(|handler| task(routes, handler, event.clone(), Failing::IsAnswered)));
    if is_first {
        event.socket.world.perform(Command::MarkOnce { socket: event.socket.id(), event: (&*event.name).into() });
    }
}

fn task(routes: &Rc<Routes>, handler: &Erased<Event>, event: Event, failing: Failing) -> Task {
    let (origin, bytes) = (origin(&event, failing), event.args.len_bytes());
    let work = Work::Event(EventCall::new(routes, handler, event, failing));
    Task { origin, holds: None, bytes, work }
}

fn origin(event: &Event, failing: Failing) -> Origin {
    let (id, namespace) = (event.socket.id(), event.socket.namespace().clone());
    match failing {
        Failing::IsAnswered => Origin::Event(id, namespace, event.ack.clone()),
        Failing::IsReported => Origin::Socket(id, namespace),
    }
}
