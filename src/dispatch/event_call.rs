//! The call of one handler of an event. The handler's result becomes the acknowledgement or is reported.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::rc::Rc;

use futures::future::LocalBoxFuture;

use super::report::Report;
use crate::error::Failure;
use crate::extract::{Event, Handled, SentEvent};
use crate::handles::poll_handler;
use crate::routing::{Erased, Routes};
use crate::time::Timestamp;

/// A call of one handler of an event. It is a future itself, so that most tasks need no other future around the handler's own.
pub(crate) struct EventCall {
    routes: Rc<Routes>,
    event: Rc<SentEvent>,
    step: Step,
}

// What is behind the tag of `Step` and not beside it makes tasks a word smaller, which are moved several times.
enum Step {
    /// The handler is to be called.
    Call(Erased<Event>, Failing),
    /// The handler runs, since this time.
    Run(LocalBoxFuture<'static, Result<Handled, Failure>>, Timestamp, Failing),
    /// The handler failed, and the failure is being reported.
    Report(LocalBoxFuture<'static, ()>),
}

/// Whether a handler's failure is sent to a client that asked for an acknowledgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failing {
    /// The failure is the acknowledgement.
    IsAnswered,
    /// The failure is only reported: handlers of `on_any` do not acknowledge.
    IsReported,
}

impl EventCall {
    /// Returns the call of `handler`, which is called when the future is first polled.
    pub(crate) fn new(routes: &Rc<Routes>, handler: &Erased<Event>, event: &Rc<SentEvent>, failing: Failing) -> Self {
        Self { routes: Rc::clone(routes), event: Rc::clone(event), step: Step::Call(Rc::clone(handler), failing) }
    }
}

impl Future for EventCall {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Self { routes, event, step } = self.get_mut();
        loop {
            match step {
                // Called inside the future, so that a panic before the first await costs only the event.
                Step::Call(handler, failing) => {
                    let began = event.socket.world.begin_handler();
                    let failing = *failing;
                    *step = Step::Run(handler(Event { sent: Rc::clone(event) }), began, failing);
                }
                Step::Run(running, began, failing) => match ready!(poll_handler(&event.socket.world, running, cx)) {
                    Ok(Handled { ack, failures }) => {
                        if let Some(args) = ack {
                            event.ack.send(&event.socket, args);
                        }
                        match failures {
                            Some(failures) if !routes.on_error.is_empty() => {
                                *step = Step::Report(Box::pin(report_of(routes, event).fail_all(failures)));
                            }
                            _ => return Poll::Ready(()),
                        }
                    }
                    Err(failure) => {
                        let is_told = *failing == Failing::IsAnswered && event.tell(&failure);
                        let report = report_of(routes, event);
                        report.log(&failure, is_told, *began);
                        if routes.on_error.is_empty() {
                            return Poll::Ready(());
                        }
                        *step = Step::Report(Box::pin(report.fail(failure)));
                    }
                },
                Step::Report(reporting) => return reporting.as_mut().poll(cx),
            }
        }
    }
}

fn report_of(routes: &Rc<Routes>, event: &SentEvent) -> Report {
    Report::Routes(Rc::clone(routes), event.socket.clone(), Some(Rc::clone(&event.name)))
}

impl fmt::Debug for EventCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventCall").field("event", &self.event).finish_non_exhaustive()
    }
}
