//! A request to one of the app's routes, while its handler runs.

use core::cell::RefCell;
use core::fmt;

use futures::channel::oneshot;

use crate::error::Failure;
use crate::handles::{HttpResponse, WorldHandle};

/// A response that a client waits for. It outlives the handler, so that a client of one that panicked is answered.
pub(crate) struct AwaitedResponse {
    world: WorldHandle,
    sender: RefCell<Option<oneshot::Sender<HttpResponse>>>,
}

impl AwaitedResponse {
    pub(crate) const fn new(world: WorldHandle, sender: oneshot::Sender<HttpResponse>) -> Self {
        Self { world, sender: RefCell::new(Some(sender)) }
    }

    /// Sends the response, unless one was sent.
    pub(crate) fn send(&self, response: HttpResponse) {
        if let Some(sender) = self.sender.take() {
            // The receiver may be gone.
            let _ = sender.send(response);
        }
    }

    /// Sends the response of a handler that failed.
    pub(super) fn fail(&self, failure: &Failure) {
        self.send(self.world.response_of(failure));
    }
}

impl fmt::Debug for AwaitedResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AwaitedResponse")
    }
}
