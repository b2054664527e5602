//! From an event that a client sent to its handlers, and from what they give back to its answer.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::rc::Rc;

use futures::future::LocalBoxFuture;

use super::task::{Origin, Report, Task, Work};
use crate::core::dispatch::SocketRef;
use crate::core::input::Command;
use crate::extract::{Call, Event, Incoming};
use crate::handles::AckSlot;
use crate::handles::Socket;
use crate::handles::WorldHandle;
use crate::id::AckId;
use crate::routing::App;
use crate::routing::Erased;
use crate::routing::Routes;
use crate::value::Args;

impl App {
    /// Appends the handlers of an event to `tasks`.
    pub(crate) fn event(
        &self,
        world: &WorldHandle,
        socket: SocketRef,
        name: Rc<str>,
        args: Args,
        ack: Option<AckId>,
        tasks: &mut Vec<Task>,
    ) {
        let Some(routes) = self.routes(&socket.namespace, socket.predicate) else { return };
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
                if let Err(failure) = guard(Incoming { socket, name, args }).await {
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
}

fn run_event(routes: &Rc<Routes>, event: &Event, tasks: &mut Vec<Task>) {
    let (handlers, is_first) = routes.handlers_of(&event.name, || event.socket.had_once(&event.name));
    tasks.extend(handlers.map(|handler| task(routes, handler, event.clone(), Failing::IsAnswered)));
    if is_first {
        event.socket.world.perform(Command::MarkOnce { socket: event.socket.id(), event: (&*event.name).into() });
    }
}

/// What a client that asked for an acknowledgement gets of a handler's failure.
#[derive(Clone, Copy, PartialEq)]
enum Failing {
    /// It is the acknowledgement.
    IsAnswered,
    /// Nothing: the handler is beside those that the acknowledgement is up to.
    IsReported,
}

fn task(routes: &Rc<Routes>, handler: &Erased<Event>, event: Event, failing: Failing) -> Task {
    let (origin, bytes) = (origin(&event, failing), event.args.len_bytes());
    let step = Step::Call(Rc::clone(handler));
    let work = Work::Event(EventCall { routes: Rc::clone(routes), event, failing, step });
    Task { origin, holds: None, bytes, work }
}

fn origin(event: &Event, failing: Failing) -> Origin {
    let (id, namespace) = (event.socket.id(), event.socket.namespace().clone());
    match failing {
        Failing::IsAnswered => Origin::Event(id, namespace, event.ack.clone()),
        Failing::IsReported => Origin::Socket(id, namespace),
    }
}

/// A handler that is called for an event, and what becomes of what it gives back.
pub struct EventCall {
    routes: Rc<Routes>,
    event: Event,
    failing: Failing,
    step: Step,
}

impl fmt::Debug for EventCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventCall").field("event", &self.event).finish_non_exhaustive()
    }
}

enum Step {
    /// The handler is to be called.
    Call(Erased<Event>),
    /// It runs.
    Run(LocalBoxFuture<'static, <Event as Call>::Outcome>),
    /// It failed, and those are told who want to know.
    Report(LocalBoxFuture<'static, ()>),
}

impl Future for EventCall {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Self { routes, event, failing, step } = self.get_mut();
        loop {
            match step {
                // In here, so that one that panics before it awaits costs only its event.
                Step::Call(handler) => *step = Step::Run(handler(event.clone())),
                Step::Run(running) => match ready!(running.as_mut().poll(cx)) {
                    Ok(answer) => {
                        if let Some(args) = answer {
                            event.ack.send(args);
                        }
                        return Poll::Ready(());
                    }
                    Err(failure) => {
                        if *failing == Failing::IsAnswered && event.ack.send(failure.to_args()) {
                            return Poll::Ready(());
                        }
                        let (socket, name) = (event.socket.clone(), Rc::clone(&event.name));
                        let report = Report::Routes(Rc::clone(routes), socket, Some(name));
                        *step = Step::Report(Box::pin(report.fail(failure)));
                    }
                },
                Step::Report(reporting) => return reporting.as_mut().poll(cx),
            }
        }
    }
}
