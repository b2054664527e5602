//! HTTP requests that wait for the next turn.

use std::rc::Rc;

use futures::channel::oneshot;
use futures::future::LocalBoxFuture;

use crate::dispatch::{AwaitedResponse, Origin, Task};
use crate::handles::{HttpResponse, WorldHandle};
use crate::log::{Level, Record};

/// The HTTP requests that came since the last turn. None is polled before the next turn begins: until then, the world's time is
/// that of the last turn.
#[derive(Debug, Default)]
pub(crate) struct QueuedRequests(Vec<Task>);

impl QueuedRequests {
    /// Adds a request that is answered with `response`, and returns the receiver of the response. What HTTP does not allow in it
    /// is removed and logged: see [`HttpResponse::checked`].
    pub(crate) fn push(
        &mut self,
        world: WorldHandle,
        response: LocalBoxFuture<'static, HttpResponse>,
    ) -> oneshot::Receiver<HttpResponse> {
        let (sender, receiver) = oneshot::channel();
        let request = Rc::new(AwaitedResponse::new(world.clone(), sender));
        self.0.push(Task::new(Origin::Request(Rc::clone(&request)), async move {
            let (response, problems) = response.await.checked();
            if let Some(world) = world.upgrade() {
                for problem in problems {
                    world.log(Record::new(Level::Warn, problem));
                }
            }
            request.send(response);
        }));
        receiver
    }

    /// Removes all requests and returns them.
    pub(crate) fn take(&mut self) -> Vec<Task> {
        core::mem::take(&mut self.0)
    }
}
