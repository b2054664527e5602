//! The calls of the handlers for an event that a client sent.

use std::rc::Rc;

use super::event_call::{EventCall, Failing};
use super::report::Report;
use super::task::{Origin, Task, Work};
use crate::core::dispatch::SocketRef;
use crate::core::input::Command;
use crate::extract::{Event, Incoming, SentEvent};
use crate::handles::{AckSlot, Socket, WorldHandle, undoable};
use crate::id::AckId;
use crate::log::{Level, Record};
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
    let socket = Socket::new(world.clone(), socket, None, false);
    let event = Rc::new(SentEvent { socket, name, args, ack: AckSlot::new(ack) });
    tasks.extend(routes.on_any.iter().map(|handler| task(routes, handler, &event, Failing::IsReported)));
    if routes.event_guards.is_empty() {
        return run_event(routes, &event, tasks);
    }
    let (routes, bytes, holds) = (Rc::clone(routes), event.args.len_bytes(), Some(event.socket.id()));
    let origin = Origin::Event(Rc::clone(&event));
    let work = Work::Other(Box::pin(async move {
        let began = event.socket.world.now();
        for guard in &routes.event_guards {
            let incoming = Incoming { sent: Rc::clone(&event) };
            if let Err(failure) = undoable(&event.socket.world, || guard(incoming)).await {
                let is_told = event.tell(&failure);
                let (socket, name) = (event.socket.clone(), Rc::clone(&event.name));
                let report = Report::Routes(Rc::clone(&routes), socket, Some(name));
                report.log(&failure, is_told, began);
                report.fail(failure).await;
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

fn run_event(routes: &Rc<Routes>, event: &Rc<SentEvent>, tasks: &mut Vec<Task>) {
    let had_once = || event.socket.had_once(&event.name);
    let Some((handlers, is_first)) = routes.handlers_of(&event.name, had_once) else { return log_unheard(event) };
    tasks.extend(handlers.map(|handler| task(routes, handler, event, Failing::IsAnswered)));
    if is_first {
        event.socket.world.perform(Command::MarkOnce { socket: event.socket.id(), event: (&*event.name).into() });
    }
}

/// Logs that the app has no handler of an event. Its client is told nothing, as by the reference server, and may wait for an acknowledgement.
#[inline(never)]
fn log_unheard(event: &SentEvent) {
    let (world, id) = (&event.socket.world, event.socket.id());
    let record = Record::new(Level::Warn, "no handler is registered for the event".to_owned());
    let record = record.of(event.socket.namespace(), Some(id)).event(Some(Rc::clone(&event.name))).code("NO_HANDLER");
    if let Some(world) = world.upgrade() {
        world.log(record);
    }
}

fn task(routes: &Rc<Routes>, handler: &Erased<Event>, event: &Rc<SentEvent>, failing: Failing) -> Task {
    let origin = match failing {
        Failing::IsAnswered => Origin::Event(Rc::clone(event)),
        Failing::IsReported => Origin::Socket(event.socket.id(), event.socket.namespace().clone()),
    };
    let work = Work::Event(EventCall::new(routes, handler, event, failing));
    Task { origin, holds: None, bytes: event.args.len_bytes(), work }
}
