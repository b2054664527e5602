//! Calls of other worlds in tests on the host: they wait here until the test's deployment takes them.

use core::cell::{Cell, RefCell};
use std::rc::Rc;

use futures::channel::oneshot;

use super::Outside;
use super::world_calls::{CallError, WorldAnswer, WorldCall};
use crate::id::WorldName;

/// The calls of one world, or of the Worker.
#[derive(Debug, Default)]
pub(crate) struct Outgoing {
    /// The name of the calling world; `None` for the Worker.
    pub caller: Option<WorldName>,
    calls: RefCell<Vec<OutgoingCall>>,
    /// How many wait for their answers.
    waiting: Cell<usize>,
}

/// A call, and where its answer goes.
#[derive(Debug)]
pub(crate) struct OutgoingCall {
    pub call: WorldCall,
    pub reply: oneshot::Sender<Result<WorldAnswer, CallError>>,
}

impl Outgoing {
    /// Returns the calls of a world.
    pub(crate) const fn of(caller: Option<WorldName>) -> Self {
        Self { caller, calls: RefCell::new(Vec::new()), waiting: Cell::new(0) }
    }

    /// Takes the calls that nobody has taken.
    pub(crate) fn take(&self) -> Vec<OutgoingCall> {
        self.calls.take()
    }

    /// Returns whether a handler waits for an answer, with which the runtime keeps its world awake.
    pub(crate) const fn is_waiting(&self) -> bool {
        self.waiting.get() > 0
    }
}

/// Counts a call as waiting, until it is dropped.
struct Waiting(Rc<Outgoing>);

impl Waiting {
    fn new(outgoing: Rc<Outgoing>) -> Self {
        outgoing.waiting.set(outgoing.waiting.get() + 1);
        Self(outgoing)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.waiting.set(self.0.waiting.get().saturating_sub(1));
    }
}

impl Outside {
    /// Returns the name of the own world; `None` in the Worker.
    pub(crate) fn own_world(&self) -> Option<String> {
        self.fakes.of::<Outgoing>().caller.as_ref().map(|name| name.as_str().to_owned())
    }

    /// Calls another world.
    ///
    /// # Errors
    /// There is no answer.
    pub(crate) async fn call_world(self, call: WorldCall) -> Result<WorldAnswer, CallError> {
        let waiting = Waiting::new(self.fakes.of::<Outgoing>());
        let (reply, answer) = oneshot::channel();
        waiting.0.calls.borrow_mut().push(OutgoingCall { call, reply });
        answer.await.unwrap_or_else(|_| Err(CallError::Failed("the other world was lost".to_owned())))
    }
}
