//! Reports of handlers' failures: to the log, and to the handlers of errors.

use std::rc::Rc;

use crate::error::Failure;
use crate::extract::Failed;
use crate::handles::{FailedCall, Socket, WorldHandle, undoable};
use crate::routing::Routes;
use crate::time::Timestamp;

/// What a handler was called for whose failure is reported.
#[derive(Clone)]
pub(crate) enum Report {
    /// A socket, and its event if it sent one. The error handlers of its namespace are called.
    Routes(Rc<Routes>, Socket, Option<Rc<str>>),
    /// Anything else, such as an alarm, by its name.
    Log(WorldHandle, Option<Rc<str>>),
}

impl Report {
    /// Returns a report of a call that is for no socket.
    pub(crate) fn of(world: &WorldHandle) -> Self {
        Self::Log(world.clone(), None)
    }

    /// Returns the world in which the handler was called.
    pub(crate) const fn world(&self) -> &WorldHandle {
        match self {
            Self::Routes(_, socket, _) => &socket.world,
            Self::Log(world, _) => world,
        }
    }

    /// Writes a failure to the log. Whoever caused it `is_told` by the caller, or by the handlers of errors.
    pub(crate) fn log(&self, failure: &Failure, is_told: bool, began: Timestamp) {
        let call = FailedCall { who: "a handler", began, socket: None, event: None };
        match self {
            Self::Routes(routes, socket, event) => {
                let call =
                    FailedCall { socket: Some((socket.id(), socket.namespace())), event: event.as_ref(), ..call };
                socket.world.log_failure(failure, is_told || !routes.on_error.is_empty(), call);
            }
            Self::Log(world, event) => {
                world.log_failure(failure, is_told, FailedCall { event: event.as_ref(), ..call });
            }
        }
    }

    /// Calls the handlers of errors with each failure, if there are any.
    pub(crate) async fn fail_all(self, failures: Rc<[Failure]>) {
        for failure in &*failures {
            self.clone().fail(failure.clone()).await;
        }
    }

    /// Calls the handlers of errors, if there are any.
    pub(crate) async fn fail(self, failure: Failure) {
        let Self::Routes(routes, socket, event) = self else { return };
        for handler in &routes.on_error {
            let began = socket.world.now();
            let failed = Failed { socket: socket.clone(), event: event.clone(), failure: failure.clone() };
            if let Err(failure) = undoable(&socket.world, || handler(failed)).await {
                let (who, event) = ("a handler of errors", event.as_ref());
                let call = FailedCall { who, began, socket: Some((socket.id(), socket.namespace())), event };
                socket.world.log_failure(&failure, false, call);
            }
        }
    }
}
