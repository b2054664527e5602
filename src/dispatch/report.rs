//! Reports of handlers' failures that are not sent to a client.

use std::rc::Rc;

use crate::error::Failure;
use crate::extract::Failed;
use crate::handles::{Socket, WorldHandle, undoable};
use crate::routing::Routes;

/// Where failures are reported that are not sent to a client.
#[derive(Clone)]
pub(crate) enum Report {
    /// The error handlers of a namespace; the log if there are none.
    Routes(Rc<Routes>, Socket, Option<Rc<str>>),
    /// The log of a world.
    Log(WorldHandle),
}

impl Report {
    /// Returns a report to a world's log.
    pub(crate) fn of(world: &WorldHandle) -> Self {
        Self::Log(world.clone())
    }

    /// Returns the world in which the handler was called.
    pub(crate) const fn world(&self) -> &WorldHandle {
        match self {
            Self::Routes(_, socket, _) => &socket.world,
            Self::Log(world) => world,
        }
    }

    /// Reports a failure.
    pub(crate) async fn fail(self, failure: Failure) {
        match self {
            Self::Routes(routes, socket, event) if !routes.on_error.is_empty() => {
                for handler in &routes.on_error {
                    let failed = Failed { socket: socket.clone(), event: event.clone(), failure: failure.clone() };
                    if let Err(failure) = undoable(&socket.world, || handler(failed)).await {
                        log(&socket.world, "a handler of errors", &failure);
                    }
                }
            }
            Self::Routes(_, socket, event) => {
                let what = event.map_or_else(|| "a handler".to_owned(), |event| format!("the handler of {event:?}"));
                let of = format!("{what} of the socket {} in {}", socket.id(), socket.namespace().as_str());
                log(&socket.world, &of, &failure);
            }
            Self::Log(world) => log(&world, "a handler", &failure),
        }
    }
}

/// Writes a failure of `who` to the log.
pub(crate) fn log(world: &WorldHandle, who: &str, failure: &Failure) {
    if let Some(world) = world.upgrade() {
        world.log(format!("{who} failed with {}: {}", failure.code(), failure.message()));
    }
}
